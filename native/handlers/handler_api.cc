#include "handlers/handler_api.h"

#include <string_view>

#include "handlers/handler_request.h"
#include "handlers/handler_response.h"

namespace millrace {

namespace {

constexpr millrace_text kAbsent{nullptr, 0};

/// Of what is there: also if it is empty.
millrace_text present(std::string_view text) noexcept {
  return {text.data() == nullptr ? "" : text.data(), text.size()};
}

millrace_text perhaps(std::string_view text) noexcept { return {text.data(), text.size()}; }

std::string_view text_in(const void* data, std::size_t size) noexcept {
  const char* const text = static_cast<const char*>(data);
  return size == MILLRACE_TO_NUL ? std::string_view(text) : std::string_view(text, size);
}

int header_at(const millrace_request* request, std::size_t index, millrace_text* name,
              millrace_text* value) noexcept {
  if (index >= request->field_count()) return MILLRACE_BAD_ARGUMENT;
  if (name != nullptr) *name = present(request->name_at(index));
  if (value != nullptr) *value = present(request->value_at(index));
  return MILLRACE_OK;
}

int add_header(millrace_response* response, const char* name, const char* value, std::size_t size) noexcept {
  if (name == nullptr || value == nullptr) return MILLRACE_BAD_ARGUMENT;
  return response->add_header(name, text_in(value, size));
}

int set_body(millrace_response* response, const void* data, std::size_t size) noexcept {
  if (size == 0) return response->set_body({});
  return data == nullptr ? MILLRACE_BAD_ARGUMENT : response->set_body(text_in(data, size));
}

int append_body(millrace_response* response, const void* data, std::size_t size) noexcept {
  if (size == 0) return MILLRACE_OK;
  return data == nullptr ? MILLRACE_BAD_ARGUMENT : response->append_body(text_in(data, size));
}

int take_body(millrace_response* response, void* data, std::size_t size,
              void (*release)(void* context, void* data), void* context) noexcept {
  if (data == nullptr) return MILLRACE_BAD_ARGUMENT;
  return response->take_body(data, text_in(data, size).size(), release, context);
}

int fail(millrace_response* response, const char* message) noexcept {
  response->set_failure(message == nullptr ? std::string_view() : std::string_view(message));
  return MILLRACE_FAILED;
}

constexpr millrace_api kApi{
    .version = MILLRACE_ABI_VERSION,
    .size = sizeof(millrace_api),
    .method = [](const millrace_request* request) { return present(request->method()); },
    .target = [](const millrace_request* request) { return present(request->target()); },
    .path = [](const millrace_request* request) { return present(request->path()); },
    .query = [](const millrace_request* request) { return present(request->query()); },
    .header = [](millrace_request* request,
                 const char* name) { return name == nullptr ? kAbsent : perhaps(request->header(name)); },
    .header_count = [](const millrace_request* request) { return request->field_count(); },
    .header_at = header_at,
    .param = [](millrace_request* request,
                const char* name) { return name == nullptr ? kAbsent : perhaps(request->param(name)); },
    .body = [](const millrace_request* request) { return present(request->body()); },
    .remote_address = [](const millrace_request* request) { return present(request->remote_address()); },
    .remote_port = [](const millrace_request* request) { return request->remote_port(); },
    .is_cancelled = [](const millrace_request* request) { return request->is_cancelled() ? 1 : 0; },
    .set_status = [](millrace_response* response, int status) { return response->set_status(status); },
    .add_header = add_header,
    .set_body = set_body,
    .append_body = append_body,
    .take_body = take_body,
    .fail = fail,
};

}  // namespace

const millrace_api& handler_api() noexcept { return kApi; }

}  // namespace millrace
