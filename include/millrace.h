/*
 * millrace.h: handlers of the HTTP server millrace, written in C or in any language that speaks the ABI of C.
 *
 * A shared library registers handlers by exporting them under names:
 *
 *     #include <millrace.h>
 *
 *     static int hello(const millrace_api* api, void* state, millrace_request* request,
 *                      millrace_response* response) {
 *       millrace_text name = api->param(request, "name");
 *       int problem = api->append_body(response, "hello ", 6);
 *       return problem ? problem : api->append_body(response, name.data, name.size);
 *     }
 *
 *     MILLRACE_MODULE
 *     MILLRACE_HANDLER(hello_handler, hello, NULL, NULL)
 *
 * and the server runs one for the requests of a route:
 *
 *     server.native('GET', '/hello/:name', { library: './hello.so', symbol: 'hello_handler' });
 *
 * Handlers run on the threads of the server's worker pool: they may block and compute. Several may run at
 * once, also one and the same handler with the same `state`. What must not be shared, the library protects
 * itself.
 *
 * docs/native-handlers.md is the guide. C11 or newer, C++11 or newer; nothing has to be linked.
 */
#ifndef MILLRACE_H
#define MILLRACE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Of everything in this file. A server runs handlers of its own version only. Within one version nothing
 * changes or goes; functions are added at the end of millrace_api, see MILLRACE_HAS().
 */
#define MILLRACE_ABI_VERSION 1

/* One request and its answer. They are there from the call of a handler until it returns, and belong to its
 * thread. */
typedef struct millrace_request millrace_request;
typedef struct millrace_response millrace_response;

/*
 * Bytes that belong to the server: valid until the handler returns, not to be written. A NUL that is not
 * counted follows them. `data` is NULL where there is no such thing; where there is, but empty, it is not.
 */
typedef struct millrace_text {
  const char* data;
  size_t size;
} millrace_text;

/* In the place of a length: as far as the NUL. */
#define MILLRACE_TO_NUL ((size_t)-1)

/* What functions and handlers return. A function that refuses something has changed nothing. */
enum {
  MILLRACE_OK = 0,
  MILLRACE_FAILED = 1,       /* for handlers, where no other fits */
  MILLRACE_BAD_ARGUMENT = 2, /* NULL where something has to be */
  MILLRACE_BAD_STATUS = 3,   /* not from 200 to 999 */
  MILLRACE_BAD_NAME = 4,     /* a field name that is not a token (RFC 9110 5.6.2) */
  MILLRACE_BAD_VALUE = 5,    /* a field value with CR, LF, NUL or another control character but the tab */
  MILLRACE_NOT_YOURS = 6,    /* a field that the server writes itself, since it delimits messages */
  MILLRACE_REPEATED = 7,     /* a second value for a field that may have one only (RFC 9110 5.3) */
  MILLRACE_TOO_LARGE = 8,    /* fields of more than 64 KiB together */
  MILLRACE_NO_MEMORY = 9
};

/* What the server offers. Every call of a handler gets the same one; it outlives the library. */
typedef struct millrace_api {
  uint32_t version; /* MILLRACE_ABI_VERSION of the server */
  uint32_t size;    /* sizeof(millrace_api) of the server, which may be newer or older: see MILLRACE_HAS() */

  /* --- the request --- */

  millrace_text (*method)(const millrace_request* request);
  /* As it was sent: `/a?b`, or in absolute form `http://host/a?b`. */
  millrace_text (*target)(const millrace_request* request);
  /* As it was sent: percent-encoded, and without the query. */
  millrace_text (*path)(const millrace_request* request);
  /* As it was sent, without its `?`. Empty where there is none. */
  millrace_text (*query)(const millrace_request* request);

  /*
   * The value of a header field, whatever the case of `name`. Several lines of one field are joined by ", ",
   * those of Cookie by "; "; of fields that have one value, such as Content-Type, the first counts. As
   * `req.header()` does it.
   */
  millrace_text (*header)(millrace_request* request, const char* name);
  /* Field lines, in the order and the spelling in which they came. */
  size_t (*header_count)(const millrace_request* request);
  /* `name` and `value` may be NULL. MILLRACE_BAD_ARGUMENT: there is no line of this number. */
  int (*header_at)(const millrace_request* request, size_t index, millrace_text* name, millrace_text* value);

  /*
   * What a parameter of the route's pattern has matched, by its name without the colon; "*" for what the
   * wildcard has. Percent-decoded, unless that gave no UTF-8: then as it was sent. So it may contain a NUL.
   */
  millrace_text (*param)(millrace_request* request, const char* name);

  /* All of it, chunks put together. Empty where there is none. */
  millrace_text (*body)(const millrace_request* request);

  /* Empty and 0 on a Unix socket. */
  millrace_text (*remote_address)(const millrace_request* request);
  uint16_t (*remote_port)(const millrace_request* request);

  /*
   * Not 0: the answer is of no use any more, as far as can be told: the client has closed its connection, or
   * at least its side of it, or it has been answered in the handler's place (timeouts.handlerMs, the end of
   * close()'s grace). What computes for long asks from time to time and returns anything. Cheap: one or two
   * loads. From any thread.
   */
  int (*is_cancelled)(const millrace_request* request);

  /* --- the answer: 200 without a body, unless something else is said --- */

  int (*set_status)(millrace_response* response, int status);

  /*
   * Adds a field line. `value_size` may be MILLRACE_TO_NUL. The server writes Content-Length and the rest of
   * what delimits messages, and a Date unless one is added here. Connection may be `close`.
   */
  int (*add_header)(millrace_response* response, const char* name, const char* value, size_t value_size);

  /* The body, copied; instead of what there was. `size` may be MILLRACE_TO_NUL. */
  int (*set_body)(millrace_response* response, const void* data, size_t size);
  /* The same, behind what there is. */
  int (*append_body)(millrace_response* response, const void* data, size_t size);
  /*
   * The body, without a copy by the handler: the server takes `data` over, and calls `release(context, data)`
   * once when it needs it no more: perhaps on another thread, perhaps long after the handler has returned,
   * but before `destroy`. Where this function refuses, `data` stays the handler's. `release` may be NULL: for
   * what lives until `destroy`.
   */
  int (*take_body)(millrace_response* response, void* data, size_t size,
                   void (*release)(void* context, void* data), void* context);

  /*
   * Says why the handler fails, for the server's `error` event; never for the client. Copied. Gives
   * MILLRACE_FAILED, so that a handler can say `return api->fail(response, "no connection to the database");`
   */
  int (*fail)(millrace_response* response, const char* message);
} millrace_api;

/* Whether the server that runs is new enough to have a function that was added after version 1 was published.
 */
#define MILLRACE_HAS(api, function) \
  ((api)->size >= offsetof(millrace_api, function) + sizeof(((millrace_api*)0)->function))

/*
 * Answers a request. `state` is what `init` has made of it, or NULL. Not 0: the client gets 500 without a
 * word, and what has been put into the response is dropped; the server's `error` event has the message, see
 * fail().
 */
typedef int (*millrace_handle)(const millrace_api* api, void* state, millrace_request* request,
                               millrace_response* response);

/*
 * Called once for each route with this handler, on the thread of listen(), before the first request. `data`
 * is that of server.native(), or "". Not 0: listen() rejects with what has been written to `error`, of
 * `error_size` bytes with its NUL; there is no `destroy` then.
 */
typedef int (*millrace_init)(const millrace_api* api, const char* data, void** state, char* error,
                             size_t error_size);

/* Called once for each `init` that gave 0, when the last handler has returned and the server has closed. */
typedef void (*millrace_destroy)(const millrace_api* api, void* state);

/* What a library exports for each handler: MILLRACE_HANDLER() makes one. */
typedef struct millrace_handler {
  uint32_t magic; /* MILLRACE_HANDLER_MAGIC: so that no other symbol is taken for a handler */
  uint32_t size;  /* sizeof(millrace_handler) */
  millrace_handle handle;
  millrace_init init;       /* or NULL */
  millrace_destroy destroy; /* or NULL */
} millrace_handler;

#define MILLRACE_HANDLER_MAGIC 0x524c494dU

#if defined(__GNUC__)
#define MILLRACE_EXPORT __attribute__((visibility("default")))
#else
#define MILLRACE_EXPORT
#endif

#ifdef __cplusplus
#define MILLRACE_EXTERN extern "C"
#else
#define MILLRACE_EXTERN extern
#endif

/* Once in each library: which version of this file it was compiled with. Declared first, for
 * -Wmissing-declarations. */
#define MILLRACE_MODULE                                                \
  MILLRACE_EXTERN MILLRACE_EXPORT const uint32_t millrace_abi_version; \
  const uint32_t millrace_abi_version = MILLRACE_ABI_VERSION;

/* Exports a handler under the name `symbol`. `init` and `destroy` may be NULL. */
#define MILLRACE_HANDLER(symbol, handle, init, destroy)                                                      \
  MILLRACE_EXTERN MILLRACE_EXPORT const millrace_handler symbol;                                             \
  const millrace_handler symbol = {MILLRACE_HANDLER_MAGIC, (uint32_t)sizeof(millrace_handler), handle, init, \
                                   destroy};

#ifdef __cplusplus
}
#endif

#endif
