// load_run.h: all threads of one load run. The thread that has started it only; `on_end` is called by
// another.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/result.h"
#include "load/load_counts.h"
#include "load/load_plan.h"
#include "load/load_thread.h"
#include "net/thread.h"

namespace millrace::load {

/// Sets the soft limit of descriptors to the hard one, and returns it.
[[nodiscard]] std::uint64_t raise_descriptor_limit() noexcept;

class LoadRun {
 public:
  /// Called once, by the last thread, when all have ended.
  struct OnEnd {
    void (*call)(void* context);
    void* context;
  };
  [[nodiscard]] static Result<std::unique_ptr<LoadRun>> start(LoadPlan plan, OnEnd on_end);
  ~LoadRun();

  LoadRun(const LoadRun&) = delete;
  LoadRun& operator=(const LoadRun&) = delete;

  /// Ends it soon; `on_end` is called as ever.
  void stop() noexcept;
  [[nodiscard]] LoadProgress progress() const noexcept;
  /// Waits for the end of all threads.
  [[nodiscard]] LoadCounts join();

 private:
  LoadRun(LoadPlan plan, OnEnd on_end) : plan_(std::move(plan)), on_end_(on_end) {}
  void on_thread_end() noexcept;

  LoadPlan plan_;
  OnEnd on_end_;
  std::vector<std::unique_ptr<LoadThread>> loads_;
  std::vector<Thread> threads_;  // behind loads_: joined before those go
  std::atomic<std::uint32_t> running_{0};
};

}  // namespace millrace::load
