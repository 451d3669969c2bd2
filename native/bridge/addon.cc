// addon.cc: what the addon exports. Loaded once for each environment; keeps nothing outside of it.
#include <napi.h>

#include <cstdint>
#include <memory>
#include <utility>

#include "bridge/handler_loader.h"
#include "bridge/js_values.h"
#include "bridge/load_wrap.h"
#include "bridge/server_wrap.h"
#include "bridge/thread_wrap.h"
#include "files/file_root.h"
#include "http/field_names.h"
#include "pool/gzip.h"
#include "ring/ring_layout.h"

namespace millrace::bridge {

namespace {

/// The layout as this build has it; lib/binding.ts compares it with lib/ring-layout.ts.
Napi::Object layout_object(Napi::Env env) {
  static constexpr std::pair<const char*, std::uint32_t> kLayout[] = {
      {"requestHead", ring::kRequestHead},
      {"requestClaim", ring::kRequestClaim},
      {"reactorSleep", ring::kReactorSleep},
      {"requestDescriptors", ring::kRequestDescriptors},
      {"requestWords", ring::request::kWords},
      {"requestReleased", ring::request::kReleased},
      {"requestExchangeSlot", ring::request::kExchangeSlot},
      {"requestExchangeGeneration", ring::request::kExchangeGeneration},
      {"requestRoute", ring::request::kRoute},
      {"requestRecordOffset", ring::request::kRecordOffset},
      {"requestRecordBytes", ring::request::kRecordBytes},
      {"requestBodyBytes", ring::request::kBodyBytes},
      {"requestFlags", ring::request::kFlags},
      {"requestBodyOutside", ring::request::kBodyOutside},
      {"requestBodyAscii", ring::request::kBodyAscii},
      {"requestBodyFollows", ring::request::kBodyFollows},
      {"requestOwnerShift", ring::request::kOwnerShift},
      {"recordMethod", ring::record::kMethod},
      {"recordMinorVersion", ring::record::kMinorVersion},
      {"recordTargetForm", ring::record::kTargetForm},
      {"recordPeerFamily", ring::record::kPeerFamily},
      {"recordFieldsStart", ring::record::kFieldsStart},
      {"recordPeerPort", ring::record::kPeerPort},
      {"recordFieldCount", ring::record::kFieldCount},
      {"recordMethodBytes", ring::record::kMethodBytes},
      {"recordTargetBytes", ring::record::kTargetBytes},
      {"recordPathOffset", ring::record::kPathOffset},
      {"recordPathBytes", ring::record::kPathBytes},
      {"recordPeerAddress", ring::record::kPeerAddress},
      {"recordFieldBytes", ring::record::kFieldBytes},
      {"recordNameOffset", ring::record::kNameOffset},
      {"recordValueOffset", ring::record::kValueOffset},
      {"recordValueBytes", ring::record::kValueBytes},
      {"recordFieldId", ring::record::kFieldId},
      {"recordNameBytes", ring::record::kNameBytes},
      {"recordLongName", ring::record::kLongName},
      {"recordRequestLineRest", ring::record::kRequestLineRest},
      {"responseHead", ring::kResponseHead},
      {"responseClaiming", ring::kResponseClaiming},
      {"responseTail", ring::kResponseTail},
      {"responseWanted", ring::kResponseWanted},
      {"responseDescriptors", ring::kResponseDescriptors},
      {"responseWords", ring::response::kWords},
      {"responseExchangeSlot", ring::response::kExchangeSlot},
      {"responseExchangeGeneration", ring::response::kExchangeGeneration},
      {"responseStatusAndFlags", ring::response::kStatusAndFlags},
      {"responseReasonBytes", ring::response::kReasonBytes},
      {"responseFieldsBytes", ring::response::kFieldsBytes},
      {"responseBodyBytes", ring::response::kBodyBytes},
      {"responsePayloadOffset", ring::response::kPayloadOffset},
      {"responsePayloadEnd", ring::response::kPayloadEnd},
      {"responseBodyOutside", ring::response::kBodyOutside},
      {"responseClose", ring::response::kClose},
      {"responseOwnDate", ring::response::kOwnDate},
      {"responseOwnLength", ring::response::kOwnLength},
      {"responseMore", ring::response::kMore},
      {"responseControl", ring::response::kControl},
      {"controlPiece", ring::response::kPiece},
      {"controlAbort", ring::response::kAbort},
      {"controlAskDrained", ring::response::kAskDrained},
      {"controlWatch", ring::response::kWatch},
      {"controlEarlyHints", ring::response::kEarlyHints},
      {"controlReadPiece", ring::response::kReadPiece},
      {"controlReadWhole", ring::response::kReadWhole},
      {"controlSendFile", ring::response::kSendFile},
      {"controlLeaveBody", ring::response::kLeaveBody},
      {"doorbellIdle", ring::kDoorbellIdle},
      {"doorbellVacant", ring::kDoorbellVacant},
      {"doorbellNews", ring::kDoorbellNews},
      {"doorbellRetiring", ring::kDoorbellRetiring},
      {"doorbellTaken", ring::kDoorbellTaken},
      {"doorbellTurns", ring::kDoorbellTurns},
      {"doorbellStride", ring::kDoorbellStride},
      {"newsDrained", ring::news::kDrained},
      {"newsGone", ring::news::kGone},
      {"newsBody", ring::news::kBody},
      {"newsBodyEnd", ring::news::kBodyEnd},
      {"newsTrailers", ring::news::kTrailers},
      {"newsPeerFinished", ring::news::kPeerFinished},
      {"newsFileGiven", ring::news::kFileGiven},
      {"newsFileMissing", ring::news::kFileMissing},
      {"newsFileUnavailable", ring::news::kFileUnavailable},
      {"newsFileBroken", ring::news::kFileBroken},
      {"sleepAwake", static_cast<std::uint32_t>(ring::ReactorSleep::awake)},
      {"sleepNap", static_cast<std::uint32_t>(ring::ReactorSleep::nap)},
      {"sleepDeep", static_cast<std::uint32_t>(ring::ReactorSleep::deep)},
  };
  Napi::Object layout = Napi::Object::New(env);
  for (const auto& [name, value] : kLayout) layout.Set(name, static_cast<double>(value));
  return layout;
}

/// Field names by id; id 0 is a name without a number.
Napi::Array field_names_array(Napi::Env env) {
  Napi::Array names = Napi::Array::New(env);
  std::uint32_t id = 0;
  names.Set(id++, "");
  for (const std::string_view name : kFieldNames)
    names.Set(id++, Napi::String::New(env, name.data(), name.size()));
  return names;
}

/// Of an array of pairs, extension and media type: a table that all servers of this environment share.
Napi::Value make_media_types(const Napi::CallbackInfo& info) {
  auto types = std::make_unique<MediaTypes>();
  for_each_of(info[0], [&](const Napi::Value& entry) {
    types->add(text_of(element(entry, 0)), text_of(element(entry, 1)));
  });
  const auto forget = [](Napi::Env, MediaTypes* own) { delete own; };
  const auto table = Napi::External<MediaTypes>::New(info.Env(), types.get(), forget);
  if (!table.IsEmpty()) types.release();
  return table;
}

Napi::Object init(Napi::Env env, Napi::Object exports) {
  exports.Set("NativeServer", ServerWrap::define(env));
  exports.Set("NativeThread", ThreadWrap::define(env));
  exports.Set("NativeLoad", LoadWrap::define(env));
  exports.Set("raiseDescriptorLimit",
              Napi::Function::New<raise_descriptor_limit>(env, "raiseDescriptorLimit"));
  exports.Set("layout", layout_object(env));
  exports.Set("fieldNames", field_names_array(env));
  exports.Set("hasGzip", has_gzip());
  exports.Set("makeMediaTypes", Napi::Function::New<make_media_types>(env, "makeMediaTypes"));
  exports.Set("loadHandler", Napi::Function::New<load_handler>(env, "loadHandler"));
  return exports;
}

}  // namespace

NODE_API_MODULE(millrace, init)

}  // namespace millrace::bridge
