// sys_error_object.h: a failed system call, as lib/ gets it (NativeFailure). JS thread only.
#pragma once

#include <napi.h>

#include "base/result.h"

namespace millrace::bridge {

[[nodiscard]] inline Napi::Object sys_error_object(Napi::Env env, const SysError& error) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("syscall", error.syscall);
  object.Set("errno", error.error);
  return object;
}

}  // namespace millrace::bridge
