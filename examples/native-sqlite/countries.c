// countries.c: a handler that blocks: a look into a database of SQLite.
//
//   cc -O2 -shared -fPIC -I include examples/native-sqlite/countries.c -o out/native-sqlite.so -lsqlite3
//
// Needs SQLite 3.38 or newer with its header: on Debian the package libsqlite3-dev. Where millrace is a
// dependency, its own header is in node_modules/millrace/include.
#include <millrace.h>
#include <sqlite3.h>
#include <stdio.h>

// For those who do without a program that makes the database.
static const char kSchema[] =
    "CREATE TABLE IF NOT EXISTS countries (code TEXT PRIMARY KEY, name TEXT NOT NULL, capital TEXT NOT NULL);"
    "INSERT OR IGNORE INTO countries VALUES ('de', 'Germany', 'Berlin'), ('fr', 'France', 'Paris'),"
    " ('is', 'Iceland', 'Reykjavík'), ('ke', 'Kenya', 'Nairobi');";

// SQLite makes the JSON: there is nothing to escape here.
static const char kQuery[] =
    "SELECT json_object('code', code, 'name', name, 'capital', capital) FROM countries WHERE code = ?";

// `data` is the path of the database. Once, before the server listens.
static int open_database(const millrace_api* api, const char* data, void** state, char* error,
                         size_t error_size) {
  (void)api;
  sqlite3* database = NULL;
  // FULLMUTEX: any thread of the pool may use it. One that has much to read in parallel opens one for each
  // thread.
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_FULLMUTEX;
  if (sqlite3_open_v2(data, &database, flags, NULL) != SQLITE_OK ||
      sqlite3_exec(database, kSchema, NULL, NULL, NULL) != SQLITE_OK) {
    snprintf(error, error_size, "%s: %s", data, sqlite3_errmsg(database));
    sqlite3_close(database);
    return MILLRACE_FAILED;
  }
  *state = database;
  return MILLRACE_OK;
}

// When the last handler has returned.
static void close_database(const millrace_api* api, void* state) {
  (void)api;
  sqlite3_close(state);
}

static int find_country(const millrace_api* api, void* state, millrace_request* request,
                        millrace_response* response) {
  sqlite3* database = state;
  sqlite3_stmt* statement = NULL;
  // A statement of its own for each call: only the connection is shared.
  if (sqlite3_prepare_v2(database, kQuery, sizeof kQuery, &statement, NULL) != SQLITE_OK) {
    return api->fail(response, sqlite3_errmsg(database));
  }
  const millrace_text code = api->param(request, "code");
  sqlite3_bind_text(statement, 1, code.data, (int)code.size, SQLITE_STATIC);
  int result;
  switch (sqlite3_step(statement)) {
    case SQLITE_ROW:
      result = api->add_header(response, "Content-Type", "application/json", MILLRACE_TO_NUL);
      // Copied: SQLite's text is gone with its statement.
      if (result == MILLRACE_OK) {
        result = api->set_body(response, sqlite3_column_text(statement, 0),
                               (size_t)sqlite3_column_bytes(statement, 0));
      }
      break;
    case SQLITE_DONE:
      result = api->set_status(response, 404);
      break;
    default:
      result = api->fail(response, sqlite3_errmsg(database));  // for the log; the client gets 500
  }
  sqlite3_finalize(statement);
  return result;
}

MILLRACE_MODULE
MILLRACE_HANDLER(find_country_handler, find_country, open_database, close_database)
