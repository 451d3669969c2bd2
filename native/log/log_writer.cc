#include "log/log_writer.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "base/limits.h"

namespace millrace {

class LogWriter::Writing final : public Job {
 public:
  Writing(LogWriter& writer, std::string bytes, std::size_t written)
      : writer_(writer), file_(writer.file_), bytes_(std::move(bytes)), written_(written) {}

  [[nodiscard]] bool is_wanted() const noexcept override { return true; }
  void run() noexcept override { outcome_ = file_.write(&writer_, bytes_, written_); }
  void finish(const OnReactor&) override { writer_.take_back(*this); }

 private:
  friend class LogWriter;
  LogWriter& writer_;
  LogFile& file_;
  std::string bytes_;
  std::size_t written_;
  LogFile::Outcome outcome_ = LogFile::Outcome::blocked;
};

std::string* LogWriter::place_of_line() {
  if (lines_.size() + batch_.size() + writing_bytes_ >= kLogWaitingBytes) {
    ++dropped_;
    return nullptr;
  }
  say_dropped();
  if (due_ms_ == 0) due_ms_ = now_ms_ + kLogBatchMs;
  return &lines_;
}

/// Ahead of the next line that is not dropped.
void LogWriter::say_dropped() {
  if (dropped_ == 0) return;
  append_log_gap(format_, clock_, std::time(nullptr), std::exchange(dropped_, 0), lines_);
}

std::uint64_t LogWriter::next_ms() const noexcept { return is_writing_ ? 0 : due_ms_; }

void LogWriter::write_due(JobDesk& jobs, std::uint64_t now_ms, bool at_once) {
  now_ms_ = now_ms;
  if (is_writing_ || is_empty()) return;
  // One whose reader is stuck has its time in any case.
  const bool is_due = due_ms_ != 0 && due_ms_ <= now_ms;
  const bool is_full = !is_blocked_ && lines_.size() >= kLogBatchBytes;
  if (!is_due && !is_full && (!at_once || is_blocked_)) {
    if (due_ms_ == 0) due_ms_ = now_ms + kLogBatchMs;
    return;
  }
  if (batch_.empty()) {
    say_dropped();
    batch_.swap(lines_);
    batch_written_ = 0;
  }
  const std::size_t bytes = batch_.size();
  std::unique_ptr<Job> job = std::make_unique<Writing>(*this, std::move(batch_), batch_written_);
  batch_.clear();
  if (jobs.try_submit(job)) {
    is_writing_ = true;
    writing_bytes_ = bytes;
    due_ms_ = 0;
    return;
  }
  // The pool has too much to do: the same again a little later.
  auto& refused = static_cast<Writing&>(*job);
  batch_ = std::move(refused.bytes_);
  due_ms_ = now_ms + kLogBatchMs;
}

void LogWriter::take_back(Writing& job) {
  is_writing_ = false;
  writing_bytes_ = 0;
  is_blocked_ = job.outcome_ == LogFile::Outcome::blocked;
  if (is_blocked_) {
    batch_ = std::move(job.bytes_);
    batch_written_ = job.written_;
    due_ms_ = now_ms_ + kLogRetryMs;
    return;
  }
  has_failed_ = job.outcome_ == LogFile::Outcome::failed;
  if (has_failed_) {
    const auto rest = std::string_view(job.bytes_).substr(job.written_);
    dropped_ += static_cast<std::uint64_t>(std::count(rest.begin(), rest.end(), '\n'));
  }
  if (lines_.empty()) {  // its memory serves the next lines
    job.bytes_.clear();
    lines_.swap(job.bytes_);
    due_ms_ = 0;
  } else if (due_ms_ == 0) {
    due_ms_ = now_ms_ + kLogBatchMs;
  }
}

}  // namespace millrace
