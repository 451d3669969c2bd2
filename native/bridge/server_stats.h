// server_stats.h: the figures of a running server as a JavaScript object. JS thread only.
#pragma once

#include <napi.h>

#include "net/server.h"

namespace millrace::bridge {

/// { queued, parked, bufferedBytes, reactors: [{ connections, connectionsTotal, … }] }, see NativeStats in
/// lib/binding.ts.
[[nodiscard]] Napi::Object stats_object(Napi::Env env, const Server& server);

/// Answers that have left, of all reactors.
[[nodiscard]] double answers_sent(const Server& server);

}  // namespace millrace::bridge
