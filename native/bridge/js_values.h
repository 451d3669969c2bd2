// js_values.h: reads the plain objects that lib/ hands over. JS thread only.
//
// lib/options.ts and its neighbours have checked everything; a value of another kind is our own bug and
// becomes 0, an empty string or an empty array, never a crash.
#pragma once

#include <napi.h>

#include <cstdint>
#include <string>

#include "ring/shared_words.h"

namespace millrace::bridge {

[[nodiscard]] inline std::uint32_t u32_of(const Napi::Object& object, const char* name) {
  return object.Get(name).ToNumber().Uint32Value();
}

[[nodiscard]] inline std::uint64_t u64_of(const Napi::Object& object, const char* name) {
  return static_cast<std::uint64_t>(object.Get(name).ToNumber().Int64Value());
}

[[nodiscard]] inline bool bool_of(const Napi::Object& object, const char* name) {
  return object.Get(name).ToBoolean().Value();
}

[[nodiscard]] inline std::string string_of(const Napi::Object& object, const char* name) {
  return object.Get(name).ToString().Utf8Value();
}

[[nodiscard]] inline Napi::Object object_of(const Napi::Object& object, const char* name) {
  return object.Get(name).ToObject();
}

[[nodiscard]] inline Napi::Array array_of(const Napi::Object& object, const char* name) {
  const Napi::Value value = object.Get(name);
  return value.IsArray() ? value.As<Napi::Array>() : Napi::Array::New(object.Env());
}

/// The memory of an Int32Array on a SharedArrayBuffer. Null if it is none.
[[nodiscard]] inline ring::SharedMemory shared_memory_of(const Napi::Value& value) {
  if (!value.IsTypedArray()) return {};
  // Through the C API: Napi::TypedArray asks for an ArrayBuffer, which a SharedArrayBuffer is not.
  napi_typedarray_type type;
  std::size_t length = 0;
  void* data = nullptr;
  if (napi_get_typedarray_info(value.Env(), value, &type, &length, &data, nullptr, nullptr) != napi_ok)
    return {};
  if (type != napi_int32_array) return {};
  return {static_cast<std::uint32_t*>(data), length * sizeof(std::uint32_t)};
}

}  // namespace millrace::bridge
