// handlers.c: handlers for the tests of this folder. What they have seen they say in their answers; those
// that wait do so for files in the folder that is their data.
#define _POSIX_C_SOURCE 200809L

#include <millrace.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static void say(const millrace_api* api, millrace_response* response, const char* what, millrace_text text) {
  api->append_body(response, what, MILLRACE_TO_NUL);
  api->append_body(response, "=", 1);
  if (text.data == NULL) {
    api->append_body(response, "(none)", MILLRACE_TO_NUL);
  } else {
    // With the NUL that has to be there.
    api->append_body(response, text.data, strlen(text.data) == text.size ? text.size : 0);
  }
  api->append_body(response, "\n", 1);
}

static void say_number(const millrace_api* api, millrace_response* response, const char* what,
                       long long number) {
  char line[100];
  int size = snprintf(line, sizeof line, "%s=%lld\n", what, number);
  api->append_body(response, line, (size_t)size);
}

// All that can be read of a request.
static int tell(const millrace_api* api, void* state, millrace_request* request,
                millrace_response* response) {
  (void)state;
  api->add_header(response, "Content-Type", "text/plain", MILLRACE_TO_NUL);
  say_number(api, response, "version", api->version);
  say_number(api, response, "complete", MILLRACE_HAS(api, fail) && api->size == sizeof(millrace_api));
  say(api, response, "method", api->method(request));
  say(api, response, "target", api->target(request));
  say(api, response, "path", api->path(request));
  say(api, response, "query", api->query(request));
  say(api, response, "id", api->param(request, "id"));
  say(api, response, "id", api->param(request, "id"));
  say(api, response, "rest", api->param(request, "*"));
  say(api, response, "unknown", api->param(request, "unknown"));
  say(api, response, "null", api->param(request, NULL));
  say(api, response, "x-list", api->header(request, "X-LIST"));
  say(api, response, "x-list", api->header(request, "x-list"));
  say(api, response, "cookie", api->header(request, "cookie"));
  say(api, response, "referer", api->header(request, "Referer"));
  say(api, response, "x-empty", api->header(request, "X-Empty"));
  say(api, response, "x-absent", api->header(request, "X-Absent"));
  millrace_text name;
  millrace_text value;
  for (size_t i = 0; i < api->header_count(request); ++i) {
    if (api->header_at(request, i, &name, NULL) == MILLRACE_OK &&
        api->header_at(request, i, NULL, &value) == MILLRACE_OK) {
      say(api, response, name.data, value);
    }
  }
  say_number(api, response, "behind", api->header_at(request, api->header_count(request), &name, &value));
  say(api, response, "body", api->body(request));
  say(api, response, "address", api->remote_address(request));
  say_number(api, response, "port", api->remote_port(request) != 0);
  say_number(api, response, "cancelled", api->is_cancelled(request));
  return MILLRACE_OK;
}

// The length of the body and a sum over it (FNV-1a).
static int sum(const millrace_api* api, void* state, millrace_request* request, millrace_response* response) {
  (void)state;
  millrace_text body = api->body(request);
  uint32_t hash = 2166136261U;
  for (size_t i = 0; i < body.size; ++i) hash = (hash ^ (unsigned char)body.data[i]) * 16777619U;
  char line[64];
  int size = snprintf(line, sizeof line, "%zu %u", body.size, hash);
  return api->set_body(response, line, (size_t)size);
}

static atomic_int taken;
static atomic_int released;

static void release(void* context, void* data) {
  atomic_fetch_add((atomic_int*)context, 1);
  free(data);
}

// As many bytes as the query says, copied (/copied) or handed over (/taken).
static int fill(const millrace_api* api, void* state, millrace_request* request,
                millrace_response* response) {
  (void)state;
  size_t size = strtoul(api->query(request).data, NULL, 10);
  char* bytes = malloc(size + 1);
  if (bytes == NULL) return MILLRACE_NO_MEMORY;
  for (size_t i = 0; i < size; ++i) bytes[i] = (char)('a' + i % 26);
  if (strcmp(api->path(request).data, "/taken") != 0) {
    int problem = api->set_body(response, bytes, size);
    free(bytes);
    return problem;
  }
  int problem = api->take_body(response, bytes, size, release, &released);
  if (problem != MILLRACE_OK) {
    free(bytes);
  } else {
    atomic_fetch_add(&taken, 1);
  }
  return problem;
}

// Bodies in place of each other.
static int replace(const millrace_api* api, void* state, millrace_request* request,
                   millrace_response* response) {
  (void)request;
  (void)state;
  char* first = malloc(1);
  if (first == NULL || api->take_body(response, first, 1, release, &released) != MILLRACE_OK)
    return MILLRACE_FAILED;
  atomic_fetch_add(&taken, 1);
  api->set_body(response, "second", MILLRACE_TO_NUL);
  static char third[] = "third";
  api->take_body(response, third, MILLRACE_TO_NUL, NULL, NULL);
  api->append_body(response, ", and more", MILLRACE_TO_NUL);
  return api->take_body(response, NULL, 3, NULL, NULL) == MILLRACE_BAD_ARGUMENT &&
                 api->append_body(response, NULL, 3) == MILLRACE_BAD_ARGUMENT
             ? MILLRACE_OK
             : MILLRACE_FAILED;
}

static int balance(const millrace_api* api, void* state, millrace_request* request,
                   millrace_response* response) {
  (void)request;
  (void)state;
  say_number(api, response, "taken", atomic_load(&taken));
  say_number(api, response, "released", atomic_load(&released));
  return MILLRACE_OK;
}

static int status(const millrace_api* api, void* state, millrace_request* request,
                  millrace_response* response) {
  (void)state;
  int code = api->set_status(response, atoi(api->query(request).data));
  say_number(api, response, "code", code);
  return MILLRACE_OK;
}

// What the server says to fields, right ones and wrong ones.
static int fields(const millrace_api* api, void* state, millrace_request* request,
                  millrace_response* response) {
  (void)request;
  (void)state;
  static const struct {
    const char* name;
    const char* value;
    size_t size;
  } all[] = {
      {"X-Good", "yes", 3},
      {"X-Good", "twice", MILLRACE_TO_NUL},
      {"X-Empty", "", 0},
      {"X-Latin", "\xe9", 1},
      {"X-Tab", "a\tb", 3},
      {"X-Cr", "a\rb", 3},
      {"X-Lf", "a\nSet-Cookie: b", MILLRACE_TO_NUL},
      {"X-Nul", "a\0b", 3},
      {"X-Del", "\x7f", 1},
      {"X Space", "a", 1},
      {"X-Colon:", "a", 1},
      {"", "a", 1},
      {NULL, "a", 1},
      {"X-Null", NULL, 1},
      {"Content-Length", "5", 1},
      {"content-length", "5", 1},
      {"Transfer-Encoding", "chunked", MILLRACE_TO_NUL},
      {"Keep-Alive", "timeout=5", MILLRACE_TO_NUL},
      {"Upgrade", "h2c", 3},
      {"Trailer", "X", 1},
      {"Connection", "upgrade", MILLRACE_TO_NUL},
      {"Content-Type", "text/plain", MILLRACE_TO_NUL},
      {"content-TYPE", "text/html", MILLRACE_TO_NUL},
      {"Date", "Thu, 01 Jan 1970 00:00:00 GMT", MILLRACE_TO_NUL},
  };
  for (size_t i = 0; i < sizeof all / sizeof *all; ++i) {
    say_number(api, response, all[i].name == NULL ? "(null)" : all[i].name,
               api->add_header(response, all[i].name, all[i].value, all[i].size));
  }
  size_t size = 65536;
  char* large = malloc(size);
  if (large == NULL) return MILLRACE_NO_MEMORY;
  memset(large, 'x', size);
  say_number(api, response, "large", api->add_header(response, "X-Large", large, size));
  free(large);
  return MILLRACE_OK;
}

static int closing(const millrace_api* api, void* state, millrace_request* request,
                   millrace_response* response) {
  (void)request;
  (void)state;
  return api->add_header(response, "Connection", "close", MILLRACE_TO_NUL);
}

// Fails as the query says, with something in the response that nobody may see.
static int broken(const millrace_api* api, void* state, millrace_request* request,
                  millrace_response* response) {
  (void)state;
  api->set_body(response, "half of an answer", MILLRACE_TO_NUL);
  api->add_header(response, "X-Half", "yes", 3);
  const char* how = api->query(request).data;
  return strcmp(how, "code") == 0 ? 42 : api->fail(response, how);
}

static atomic_int running;

static int is_there(const char* folder, const char* name, const char* ending) {
  char path[4096];
  snprintf(path, sizeof path, "%s/%s.%s", folder, name, ending);
  return access(path, F_OK) == 0;
}

static void leave(const char* folder, const char* name, const char* ending) {
  char path[4096];
  snprintf(path, sizeof path, "%s/%s.%s", folder, name, ending);
  FILE* file = fopen(path, "w");
  if (file != NULL) fclose(file);
}

static int keep_data(const millrace_api* api, const char* data, void** state, char* error,
                     size_t error_size) {
  (void)api;
  if (strcmp(data, "refuse") == 0) {
    snprintf(error, error_size, "it was told to refuse");
    return MILLRACE_FAILED;
  }
  if (strcmp(data, "refuse without a word") == 0) return 12;
  *state = strdup(data);
  leave(data, "handler", "init");
  return *state == NULL ? MILLRACE_NO_MEMORY : MILLRACE_OK;
}

static void free_data(const millrace_api* api, void* state) {
  (void)api;
  leave(state, "handler", atomic_load(&running) == 0 ? "destroy" : "destroy-too-early");
  free(state);
}

// Waits for the file QUERY.go; with QUERY.stubborn it does not ask whether it is cancelled.
static int hold(const millrace_api* api, void* state, millrace_request* request,
                millrace_response* response) {
  const char* name = api->query(request).data;
  const struct timespec moment = {0, 1000000};
  atomic_fetch_add(&running, 1);
  leave(state, name, "started");
  while (!is_there(state, name, "go")) {
    if (api->is_cancelled(request) && !is_there(state, name, "stubborn")) {
      leave(state, name, "cancelled");
      atomic_fetch_sub(&running, 1);
      return MILLRACE_FAILED;
    }
    nanosleep(&moment, NULL);
  }
  leave(state, name, "done");
  atomic_fetch_sub(&running, 1);
  return api->set_body(response, name, MILLRACE_TO_NUL);
}

/* Fails without a look at who waits. */
static int fail_late(const millrace_api* api, void* state, millrace_request* request,
                     millrace_response* response) {
  const struct timespec moment = {0, 100000000};
  (void)state;
  (void)request;
  nanosleep(&moment, NULL);
  return api->fail(response, "late");
}

static int not_a_handler(const millrace_api* api) { return api != NULL; }
MILLRACE_EXPORT int some_function(void);
int some_function(void) { return not_a_handler(NULL); }

MILLRACE_MODULE
MILLRACE_HANDLER(test_tell, tell, NULL, NULL)
MILLRACE_HANDLER(test_sum, sum, NULL, NULL)
MILLRACE_HANDLER(test_fill, fill, NULL, NULL)
MILLRACE_HANDLER(test_replace, replace, NULL, NULL)
MILLRACE_HANDLER(test_balance, balance, NULL, NULL)
MILLRACE_HANDLER(test_status, status, NULL, NULL)
MILLRACE_HANDLER(test_fields, fields, NULL, NULL)
MILLRACE_HANDLER(test_closing, closing, NULL, NULL)
MILLRACE_HANDLER(test_broken, broken, NULL, NULL)
MILLRACE_HANDLER(test_hold, hold, keep_data, free_data)
MILLRACE_HANDLER(test_fail_late, fail_late, NULL, NULL)
