// limits.h: every constant that bounds something, with its reason, its unit and, where there is one, its RFC
// section.
#pragma once

#include <cstddef>
#include <cstdint>

namespace millrace {

// --- sockets ---

/// Bytes asked of the kernel in one recv. One such buffer a reactor, so an idle connection owns none.
inline constexpr std::size_t kReceiveBytes = 64 * 1024;

/// Events taken from epoll in one wake. Bounds how long finished answers wait behind arriving requests.
inline constexpr int kEventsPerWake = 512;

/// Connections accepted in one wake, so that a connect storm does not starve those already open.
inline constexpr int kAcceptsPerWake = 64;

/// Times that many clients are taken off the backlog before the listener closes, if so many have connected.
inline constexpr int kLastAcceptRounds = 64;

/// Clients beyond limits.connections that are being told so at one time; more are closed without a word.
inline constexpr std::uint32_t kRefusedAtOnce = 128;

/// Pause of the acceptor when the process is out of descriptors. Milliseconds; without it epoll would spin.
inline constexpr std::uint32_t kAcceptPauseMs = 100;

/// How long a connection that we close first may still send, so that our last answer is not lost to a reset
/// (RFC 9112 §9.6). Milliseconds, and bytes read and thrown away in that time.
inline constexpr std::uint32_t kLingerMs = 2'000;
inline constexpr std::uint64_t kLingerBytes = 8 * 1024 * 1024;

/// Room in which the answers of one wake are gathered before they are sent, one send a connection. With less,
/// streams that are written in small pieces beside each other are sent piece by piece: 64 answers of 4 KiB
/// fill a quarter of it.
inline constexpr std::size_t kOutputScratchBytes = 1024 * 1024;

/// Answers of at least this size are not copied into the scratch, but sent from where they are.
inline constexpr std::size_t kOutputCopyBytes = 16 * 1024;

/// Bytes that the kernel takes for a connection ahead of what it can send (TCP_NOTSENT_LOWAT of tcp(7)).
/// Without it a client that does not read has megabytes there, of which we know nothing; a thousand of them
/// brought the machine's TCP memory under pressure, and answers to others took seconds. As much as a window
/// in which lib/ hands over large bodies.
inline constexpr int kKernelUnsentBytes = 256 * 1024;

/// The same for files, from when the client has taken kQuickReaderBytes of one at kQuickReaderRate until it
/// is sent something else: with little there each of the two waits for the other. 10 MB took 2.5 ms of CPU
/// with the value above, 0.9 with this. A file's bytes are the page cache's, wherever they wait.
inline constexpr int kKernelUnsentFileBytes = 4 * 1024 * 1024;
inline constexpr std::uint64_t kQuickReaderBytes = 512 * 1024;
inline constexpr std::uint64_t kQuickReaderRate = 20'000;  // bytes a millisecond

/// Pieces handed to one sendmsg (the kernel's own bound, IOV_MAX, is 1,024).
inline constexpr std::size_t kPiecesPerSend = 64;

/// Files up to this size are kept in memory while they are asked for: sending them from there takes one
/// system call instead of two. Larger ones the kernel sends without a copy.
inline constexpr std::size_t kFileInMemoryBytes = 16 * 1024;

/// Files that are kept open, and what is kept of small ones in memory, by all reactors of a server together.
inline constexpr std::size_t kCachedFiles = 1024;
inline constexpr std::size_t kCachedFileBytes = 16 * 1024 * 1024;

/// What is kept of files that have been compressed, in a server.
inline constexpr std::size_t kCompressedFilesBytes = 16 * 1024 * 1024;
/// And for how long: writing through a mapping moves no time until the kernel writes it back.
inline constexpr std::uint32_t kCompressedFileKeptMs = 60'000;

/// Descriptors among them: of files that are not in memory. A process has 1,024 where nobody has raised it.
inline constexpr std::size_t kCachedFileDescriptors = 256;

/// Larger files are not compressed for `compression`: that would take a thread of the pool for long, and the
/// result its memory. Precompressed siblings have no such bound.
inline constexpr std::size_t kCompressedFileBytes = 1024 * 1024;

/// How long a file is kept until it is looked up anew, since what it has beside it may have changed: a
/// precompressed sibling has come. Milliseconds. The file itself is compared each time.
inline constexpr std::uint32_t kFileKeptMs = 2'000;

/// How long a file is kept that nobody asks for: one that has been deleted takes its space until it is
/// closed. Milliseconds.
inline constexpr std::uint32_t kFileIdleMs = 10'000;

/// Files that one connection keeps open for answers that have to wait: for older ones, or for a client that
/// does not read. With more its next requests wait too, and so does sendFile(). Without it a connection had
/// as many as limits.pipelineDepth, and a few dozen clients all descriptors of a process. Enough that files
/// which are asked for in one go are sent in one go.
inline constexpr std::uint32_t kFilesPerConnection = 8;

/// Of a file, so much is sent to one connection in one wake; then others have their turn.
inline constexpr std::size_t kFileBytesPerWake = 2 * 1024 * 1024;

// --- request bodies ---

/// Of a body that its handler does not read as fast as it comes, so much waits here; then the client does.
/// Also the most that is received of it at once, and given to the handler as one piece.
inline constexpr std::size_t kBodyWindowBytes = 256 * 1024;

/// Of a body that nobody reads, so much is read and thrown away to keep the connection. With more than that
/// the client is better served by a new one.
inline constexpr std::uint64_t kDiscardBytes = 256 * 1024;

/// A body or a piece of one that is at least so large is not copied where Node.js takes the memory itself: to
/// register that costs microseconds, as does the copy of this much.
inline constexpr std::size_t kHandedOverBytes = 64 * 1024;

/// Memory of bodies that is kept for the next ones, in the whole process: enough for 64 answers of 64 KiB and
/// as much again that is received. None where AddressSanitizer is to see each use of it (GCC's word for it
/// first, then Clang's).
#if defined(__SANITIZE_ADDRESS__)
inline constexpr std::size_t kKeptBlockBytes = 0;
#elif defined(__has_feature)
inline constexpr std::size_t kKeptBlockBytes = __has_feature(address_sanitizer) ? 0 : 8 * 1024 * 1024;
#else
inline constexpr std::size_t kKeptBlockBytes = 8 * 1024 * 1024;
#endif

// --- memory that is given back ---

/// So much must have been held for clients at one time for what the allocator keeps of it to be worth a look,
/// and then little for so long, milliseconds: whoever has been that busy may be again at once.
inline constexpr std::uint64_t kWorthTrimmingBytes = 32 * 1024 * 1024;
inline constexpr std::uint32_t kTrimRestMs = 1'000;

// --- native handlers ---

/// Fields of one answer, together: as much as lib/ lets a handler in JavaScript say. Bytes.
inline constexpr std::size_t kHandlerFieldBytes = 64 * 1024;

/// Failures of native handlers that wait for JavaScript to report them; more are only counted.
inline constexpr std::size_t kKeptFailures = 256;

// --- rings ---

/// Longest sleep of a reactor while a JS thread is answering: JS publishes each answer without a system call,
/// so nobody else would wake it for one that stands before a blocking handler. Milliseconds.
inline constexpr int kNapMs = 1;

/// A JS thread at work that has claimed something within this time, or been rung, takes the next request too:
/// no other is woken for it. About as long as a wake takes.
inline constexpr std::uint64_t kQuickUs = 100;

/// So many wakes in a row go to the same JS thread first: another one each time cost a sixth of a small
/// request.
inline constexpr std::uint32_t kWakesInTurn = 16;

/// With requests waiting all the time for so long, the JS threads at work are too few: one more is woken.
inline constexpr std::uint64_t kBehindUs = 500;

/// With fewer requests than this awaiting answers a reactor sleeps deep, and JavaScript wakes it for each:
/// there are no neighbours to hold back, and a timer armed for each request cost a third of the throughput at
/// one connection.
inline constexpr std::uint32_t kNapExchanges = 2;

/// Looks for something to do, giving the processor away after each, before a reactor sleeps while a JS thread
/// is answering it; about 20 microseconds. On two cores that have a client to serve too, sleeping and being
/// woken again cost more than the work of a request, and at eight connections a third of the throughput.
inline constexpr int kLooksBeforeSleep = 50;

/// After so many looks for nothing in a row, 2^this sleeps go by without one: a handler that computes for
/// long costs next to nothing.
inline constexpr std::uint32_t kMostFailedLooks = 8;

/// With more requests than this awaiting answers it does not look: there is enough to do with each wake, and
/// answers are better collected together than one by one.
inline constexpr std::uint32_t kLookExchanges = 16;

/// Requests written to the ring, or connections received from, before what there is is published, so that JS
/// starts while the reactor still receives. Not sooner: JS is the faster of the two, and each time that it
/// has emptied the ring it costs a wake.
inline constexpr std::uint32_t kRequestsPerPublish = 512;
inline constexpr int kEventsPerPublish = 64;

/// Bodies up to this size travel inside the ring's arena; larger ones are handed over beside it.
inline constexpr std::size_t kArenaBodyBytes = 16 * 1024;

/// Parked connections among which nobody looks for those that have ended meanwhile.
inline constexpr std::size_t kParkedLook = 256;

// --- messages ---

/// Grace before `minBytesPerSecond` is asked of a transfer: a slow start is not an attack. Milliseconds.
inline constexpr std::uint32_t kSlowTransferGraceMs = 5'000;

/// What a client is told to wait before it tries again. Seconds (RFC 9110 §10.2.3).
inline constexpr std::uint32_t kRetryAfterSeconds = 1;

// --- files ---

/// Ranges of one answer. More than a reader of documents or films asks for at once, and each costs a part of
/// the answer with a head of its own (RFC 9110 §14.2, §17.15).
inline constexpr std::size_t kMaxRanges = 16;

/// Longest path and longest name in it that Linux takes (PATH_MAX, which counts a zero behind it, and
/// NAME_MAX of limits.h(0p)). Bytes.
inline constexpr std::size_t kFilePathBytes = 4'095;
inline constexpr std::size_t kFileNameBytes = 255;

// --- access log ---

/// Lines of one reactor are written when so many bytes have come together, or the oldest is so old.
/// Milliseconds.
inline constexpr std::size_t kLogBatchBytes = 64 * 1024;
inline constexpr std::uint32_t kLogBatchMs = 500;

/// Lines of one reactor that wait for whoever reads the log. More are dropped, and counted.
inline constexpr std::size_t kLogWaitingBytes = 1024 * 1024;

/// Of what is kept for the lines of one connection's requests, so much is not charged to
/// limits.bufferedBytes: that of some fifty usual ones.
inline constexpr std::size_t kLogUnchargedBytes = 16 * 1024;

/// So long a pool thread waits in one job for a reader that takes nothing, and so long the reactor waits
/// until it gives it another such job: one that is stuck costs a fifth of a thread. Milliseconds.
inline constexpr int kLogPatienceMs = 100;
inline constexpr std::uint32_t kLogRetryMs = 400;

/// When its last connection has ended a reactor stays for so long to have its last lines written.
/// Milliseconds.
inline constexpr std::uint32_t kLogEndMs = 1'000;

/// One write into a pipe. Up to PIPE_BUF of pipe(7) it goes in whole, so what others write into the same pipe
/// comes between lines and not into them.
inline constexpr std::size_t kLogPipeBytes = 4'096;

/// What is logged of a target or of one field; what is longer is cut off.
inline constexpr std::size_t kLogTargetBytes = 2'048;
inline constexpr std::size_t kLogFieldBytes = 512;

}  // namespace millrace
