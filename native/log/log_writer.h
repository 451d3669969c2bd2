// log_writer.h: lines of one reactor on their way to the log, which pool threads write. Reactor thread only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <ctime>
#include <string>

#include "base/server_config.h"
#include "base/thread_tokens.h"
#include "log/log_file.h"
#include "log/log_line.h"
#include "pool/job_desk.h"

namespace millrace {

/// One job at a time, so lines keep their order. Bounded: what the log's reader does not take in time is
/// dropped, and a line says how much that was.
class LogWriter {
 public:
  /// `file` outlives the pool's threads.
  LogWriter(LogFile& file, LogFormat format) : file_(file), format_(format) {}
  LogWriter(const LogWriter&) = delete;
  LogWriter& operator=(const LogWriter&) = delete;
  ~LogWriter() { file_.leave(this); }

  [[nodiscard]] LogFormat format() const noexcept { return format_; }
  [[nodiscard]] LogClock& clock() noexcept { return clock_; }

  /// Where the next line is to be appended, with its end; null: there is no room, and it counts as dropped.
  [[nodiscard]] std::string* place_of_line();

  /// Has written what is due; all there is if `at_once`. In each turn.
  void write_due(JobDesk& jobs, std::uint64_t now_ms, bool at_once);
  /// When write_due() is to be called at the latest; 0: there is nothing to write.
  [[nodiscard]] std::uint64_t next_ms() const noexcept;
  [[nodiscard]] bool is_empty() const noexcept {
    // Where writing fails nothing is said of it before there is another line: that would fail, too.
    return lines_.empty() && batch_.empty() && !is_writing_ && (dropped_ == 0 || has_failed_);
  }

 private:
  class Writing;
  void take_back(Writing& job);
  void say_dropped();

  LogFile& file_;
  const LogFormat format_;
  LogClock clock_;
  std::string lines_;
  std::string batch_;  // what was not written whole; empty while a job has it
  std::size_t batch_written_ = 0;
  std::size_t writing_bytes_ = 0;  // what the job has
  bool is_writing_ = false;
  bool is_blocked_ = false;    // the last job has not come to its end
  bool has_failed_ = false;    // the last job
  std::uint64_t dropped_ = 0;  // lines, and nothing says so yet
  std::uint64_t due_ms_ = 0;   // 0: nothing waits that we know the age of
  std::uint64_t now_ms_ = 0;   // of the last turn
};

}  // namespace millrace
