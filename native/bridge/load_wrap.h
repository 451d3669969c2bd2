// load_wrap.h: a load run as JavaScript sees it. JS thread only.
#pragma once

#include <napi.h>

#include <memory>

#include "bridge/js_doorbell.h"
#include "load/load_run.h"

namespace millrace::bridge {

class LoadWrap : public Napi::ObjectWrap<LoadWrap> {
 public:
  static Napi::Function define(Napi::Env env);

  explicit LoadWrap(const Napi::CallbackInfo& info);
  ~LoadWrap() override;

 private:
  Napi::Value start(const Napi::CallbackInfo& info);
  Napi::Value progress(const Napi::CallbackInfo& info);
  Napi::Value stop(const Napi::CallbackInfo& info);
  Napi::Value finish(const Napi::CallbackInfo& info);

  static void on_environment_end(void* self) noexcept;
  void shut_down() noexcept;

  std::unique_ptr<JsDoorbell> doorbell_;  // ahead of run_, whose last thread rings it
  std::unique_ptr<load::LoadRun> run_;
  bool hooked_ = false;
};

/// The soft limit of descriptors, which becomes the hard one.
[[nodiscard]] Napi::Value raise_descriptor_limit(const Napi::CallbackInfo& info);

}  // namespace millrace::bridge
