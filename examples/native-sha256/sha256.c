// sha256.c: a handler that computes: SHA-256 of the request's body (FIPS 180-4).
//
//   cc -O2 -shared -fPIC -I include examples/native-sha256/sha256.c -o out/native-sha256.so
//
// Where millrace is a dependency, the header is in node_modules/millrace/include.
#include <millrace.h>
#include <string.h>

#define BLOCK_BYTES 64
#define DIGEST_BYTES 32
// How often a computation asks whether its client is still there: about a millisecond's work.
#define BYTES_BETWEEN_LOOKS (256 * 1024)

static const uint32_t K[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

static uint32_t rotated(uint32_t x, int by) { return x >> by | x << (32 - by); }

static void add_block(uint32_t h[8], const unsigned char* block) {
  uint32_t w[64];
  for (int i = 0; i < 16; ++i, block += 4) {
    w[i] = (uint32_t)block[0] << 24 | (uint32_t)block[1] << 16 | (uint32_t)block[2] << 8 | block[3];
  }
  for (int i = 16; i < 64; ++i) {
    uint32_t s0 = rotated(w[i - 15], 7) ^ rotated(w[i - 15], 18) ^ w[i - 15] >> 3;
    uint32_t s1 = rotated(w[i - 2], 17) ^ rotated(w[i - 2], 19) ^ w[i - 2] >> 10;
    w[i] = w[i - 16] + s0 + w[i - 7] + s1;
  }
  uint32_t v[8];
  memcpy(v, h, sizeof v);
  for (int i = 0; i < 64; ++i) {
    uint32_t s1 = rotated(v[4], 6) ^ rotated(v[4], 11) ^ rotated(v[4], 25);
    uint32_t t1 = v[7] + s1 + ((v[4] & v[5]) ^ (~v[4] & v[6])) + K[i] + w[i];
    uint32_t s0 = rotated(v[0], 2) ^ rotated(v[0], 13) ^ rotated(v[0], 22);
    uint32_t t2 = s0 + ((v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]));
    memmove(v + 1, v, 7 * sizeof *v);
    v[4] += t1;
    v[0] = t1 + t2;
  }
  for (int i = 0; i < 8; ++i) h[i] += v[i];
}

static int sha256(const millrace_api* api, void* state, millrace_request* request,
                  millrace_response* response) {
  (void)state;
  const millrace_text body = api->body(request);
  const unsigned char* bytes = (const unsigned char*)body.data;
  uint32_t h[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                   0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  size_t at = 0;
  for (; body.size - at >= BLOCK_BYTES; at += BLOCK_BYTES) {
    if (at % BYTES_BETWEEN_LOOKS == 0 && api->is_cancelled(request))
      return api->fail(response, "nobody waits");
    add_block(h, bytes + at);
  }
  // The rest, a one bit, zeros, and the length in bits.
  unsigned char end[2 * BLOCK_BYTES] = {0};
  const size_t rest = body.size - at;
  memcpy(end, bytes + at, rest);
  end[rest] = 0x80;
  const size_t end_bytes = rest + 1 + 8 <= BLOCK_BYTES ? BLOCK_BYTES : 2 * BLOCK_BYTES;
  const uint64_t bits = (uint64_t)body.size * 8;
  for (int i = 0; i < 8; ++i) end[end_bytes - 1 - (size_t)i] = (unsigned char)(bits >> 8 * i);
  for (size_t i = 0; i < end_bytes; i += BLOCK_BYTES) add_block(h, end + i);

  char hex[2 * DIGEST_BYTES + 1];
  for (int i = 0; i < 2 * DIGEST_BYTES; ++i) hex[i] = "0123456789abcdef"[h[i / 8] >> (28 - 4 * (i % 8)) & 15];
  hex[2 * DIGEST_BYTES] = '\n';
  int problem = api->add_header(response, "Content-Type", "text/plain", MILLRACE_TO_NUL);
  return problem ? problem : api->set_body(response, hex, sizeof hex);
}

MILLRACE_MODULE
MILLRACE_HANDLER(sha256_handler, sha256, NULL, NULL)
