#include "handlers/native_handler.h"

#include <array>

#include "handlers/handler_api.h"
#include "handlers/handler_request.h"
#include "handlers/handler_response.h"

namespace millrace {

namespace {

/// What `init` may say of its failure.
constexpr std::size_t kErrorBytes = 1024;

}  // namespace

bool NativeHandler::begin(std::string& error) {
  if (handler_.init != nullptr) {
    std::array<char, kErrorBytes> said{};
    const int code = handler_.init(&handler_api(), data_.c_str(), &state_, said.data(), said.size());
    said.back() = '\0';  // whatever it has written
    if (code != MILLRACE_OK) {
      error = said.front() == '\0' ? "init returned " + std::to_string(code) : said.data();
      return false;
    }
  }
  begun_ = true;
  return true;
}

int NativeHandler::call(millrace_request& request, millrace_response& response) const noexcept {
  return handler_.handle(&handler_api(), state_, &request, &response);
}

void NativeHandler::end() noexcept {
  if (!std::exchange(begun_, false) || handler_.destroy == nullptr) return;
  handler_.destroy(&handler_api(), state_);
}

}  // namespace millrace
