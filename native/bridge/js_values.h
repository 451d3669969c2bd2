// js_values.h: reads what lib/ hands over. JS thread only.
//
// lib/options.ts and its neighbours have checked everything. Still a read can fail: in a worker that is being
// terminated no call that might run JavaScript works any more, and node-addon-api gives an empty value, on
// which its own methods would end the process. So here an empty value, or one of another kind, is 0, an empty
// string or nothing.
#pragma once

#include <napi.h>

#include <cstdint>
#include <string>
#include <utility>

#include "ring/shared_words.h"

namespace millrace::bridge {

[[nodiscard]] inline Napi::Value property(const Napi::Object& object, const char* name) {
  return object.IsEmpty() ? Napi::Value() : Napi::Value(object.Get(name));
}

[[nodiscard]] inline double number_of(const Napi::Value& value) {
  double number = 0;
  if (!value.IsEmpty()) napi_get_value_double(value.Env(), value, &number);
  return number;
}

[[nodiscard]] inline std::uint32_t u32_of(const Napi::Value& value) {
  return static_cast<std::uint32_t>(static_cast<std::int64_t>(number_of(value)));
}
[[nodiscard]] inline std::uint32_t u32_of(const Napi::Object& object, const char* name) {
  return u32_of(property(object, name));
}

[[nodiscard]] inline std::uint64_t u64_of(const Napi::Object& object, const char* name) {
  return static_cast<std::uint64_t>(number_of(property(object, name)));
}

[[nodiscard]] inline bool bool_of(const Napi::Value& value) {
  bool result = false;
  if (!value.IsEmpty()) napi_get_value_bool(value.Env(), value, &result);
  return result;
}
[[nodiscard]] inline bool bool_of(const Napi::Object& object, const char* name) {
  return bool_of(property(object, name));
}

/// Empty for what is no string.
[[nodiscard]] inline std::string text_of(const Napi::Value& value) {
  std::size_t length = 0;
  if (value.IsEmpty() || napi_get_value_string_utf8(value.Env(), value, nullptr, 0, &length) != napi_ok)
    return {};
  std::string text(length, '\0');
  napi_get_value_string_utf8(value.Env(), value, text.data(), length + 1, &length);
  return text;
}

/// The same for field lines: one byte for each character (RFC 9110 §5.5).
[[nodiscard]] inline std::string latin1_of(const Napi::Object& object, const char* name) {
  const Napi::Value value = property(object, name);
  std::size_t length = 0;
  if (value.IsEmpty() || napi_get_value_string_latin1(value.Env(), value, nullptr, 0, &length) != napi_ok)
    return {};
  std::string text(length, '\0');
  napi_get_value_string_latin1(value.Env(), value, text.data(), length + 1, &length);
  return text;
}

[[nodiscard]] inline std::string string_of(const Napi::Object& object, const char* name) {
  return text_of(property(object, name));
}

[[nodiscard]] inline Napi::Object as_object(const Napi::Value& value) {
  return value.IsObject() ? value.As<Napi::Object>() : Napi::Object();
}

[[nodiscard]] inline Napi::Object object_of(const Napi::Object& object, const char* name) {
  return as_object(property(object, name));
}

/// An element of an array.
[[nodiscard]] inline Napi::Value element(const Napi::Value& array, std::uint32_t index) {
  napi_value value = nullptr;
  if (array.IsEmpty() || napi_get_element(array.Env(), array, index, &value) != napi_ok) return {};
  return {array.Env(), value};
}

/// Calls `visit(Napi::Value)` for each element.
template <class Visit>
void for_each_of(const Napi::Value& array, Visit&& visit) {
  std::uint32_t length = 0;
  if (array.IsEmpty() || napi_get_array_length(array.Env(), array, &length) != napi_ok) return;
  for (std::uint32_t i = 0; i < length; ++i) visit(element(array, i));
}

template <class Visit>
void for_each_in(const Napi::Object& object, const char* name, Visit&& visit) {
  for_each_of(property(object, name), std::forward<Visit>(visit));
}

/// The bytes of a Uint8Array; empty if it is none.
[[nodiscard]] inline std::string_view bytes_of(const Napi::Value& value) {
  napi_typedarray_type type = napi_int8_array;
  std::size_t length = 0;
  void* data = nullptr;
  if (value.IsEmpty() ||
      napi_get_typedarray_info(value.Env(), value, &type, &length, &data, nullptr, nullptr) != napi_ok ||
      type != napi_uint8_array) {
    return {};
  }
  return {static_cast<const char*>(data), length};
}

/// The memory of an Int32Array on a SharedArrayBuffer. Null if it is none.
[[nodiscard]] inline ring::SharedMemory shared_memory_of(const Napi::Value& value) {
  // Through the C API: Napi::TypedArray asks for an ArrayBuffer, which a SharedArrayBuffer is not.
  napi_typedarray_type type = napi_int8_array;
  std::size_t length = 0;
  void* data = nullptr;
  if (value.IsEmpty() ||
      napi_get_typedarray_info(value.Env(), value, &type, &length, &data, nullptr, nullptr) != napi_ok ||
      type != napi_int32_array) {
    return {};
  }
  return {static_cast<std::uint32_t*>(data), length * sizeof(std::uint32_t)};
}

}  // namespace millrace::bridge
