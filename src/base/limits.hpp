#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

/// The bounds of the system. Only what means nothing outside of one file stands in that file.
namespace troupe::limits {

// -- options ----------------------------------------------------------------------------------------

inline constexpr std::size_t max_processes = 1024;
inline constexpr std::size_t max_spares = 1024;
inline constexpr std::size_t max_childconcurrency = 16'384;
inline constexpr int max_loop_threads = 1024;
inline constexpr std::size_t max_restart_intensity = 1'000'000;
inline constexpr std::size_t max_queue = 1'000'000'000'000;
inline constexpr std::size_t max_task_attempts = 1'000'000;
inline constexpr int max_priority = 1000;
inline constexpr std::size_t max_start_attempts = 1'000'000;
inline constexpr std::chrono::milliseconds max_timeout = std::chrono::hours(24);
/// What a child can be given of CPU time, and what can be added to its nice value.
inline constexpr std::chrono::milliseconds max_cpu_time = std::chrono::hours(24 * 365);
inline constexpr std::size_t max_nice = 39;
inline constexpr std::chrono::milliseconds max_child_age = std::chrono::hours(24 * 365);

// -- the link ---------------------------------------------------------------------------------------

/// Capacity of one ring. A multiple of every page size in use.
inline constexpr std::uint32_t ring_bytes = 512 * 1024;
/// That of a child that lives for few tasks: it comes to its beginning again sooner, so less memory is touched.
inline constexpr std::uint32_t small_ring_bytes = 64 * 1024;
/// With at most so many tasks.
inline constexpr std::size_t small_ring_tasks = 64;
/// A payload above this part of the ring travels in pieces of this size, so that both directions keep
/// moving.
constexpr std::size_t max_piece_bytes(std::size_t ring) noexcept {
  return ring / 8;
}
/// The largest payload of one message.
inline constexpr std::uint64_t max_message_bytes = std::uint64_t{1} << 31;
/// The largest encoded value, such as all arguments of a call, or a result. It leaves room in a message for
/// what goes before it.
inline constexpr std::uint64_t max_value_bytes = max_message_bytes - 4096;
/// The largest text of a report, and of its topic.
inline constexpr std::size_t max_report_bytes = std::size_t{1} << 20;
/// Frames that one side takes from a ring before it looks elsewhere.
inline constexpr std::size_t frames_per_turn = 512;

// -- segments ---------------------------------------------------------------------------------------

/// Encoded values of at least this size travel in segments, where there are some: those that are larger than one piece
/// of a ring. There and back takes half the time from there on, and below it makes no difference.
inline constexpr std::size_t least_segment_bytes = std::size_t{64} * 1024;
/// The segments for arguments, of this process, and what the idle ones of them may take.
inline constexpr std::size_t max_argument_segments = 64;
inline constexpr std::size_t max_idle_argument_bytes = std::size_t{512} << 20;
/// The segments for the results of one child, and what they may take.
inline constexpr std::size_t max_result_segments = 8;
inline constexpr std::size_t max_result_segment_bytes = std::size_t{3} << 30;
/// Those of all children of this process.
inline constexpr std::size_t max_all_result_bytes = std::size_t{8} << 30;
/// Argument segments that one child has mapped.
inline constexpr std::size_t max_known_arguments = 16;
/// A segment that has not been used for this long is given back.
inline constexpr std::chrono::milliseconds segment_idle_time{5'000};
/// A child waits for a segment for this long, and then sends its result without.
inline constexpr std::chrono::milliseconds segment_patience{100};
/// After it was refused one, or had to wait for so long, it asks for none for this long.
inline constexpr std::chrono::milliseconds segment_pause{1'000};
/// Shared buffers in one message.
inline constexpr std::size_t max_buffers_in_message = 1024;
/// Shared buffers that one child has made and still has.
inline constexpr std::size_t max_child_buffers = 256;
inline constexpr std::size_t max_child_buffer_bytes = std::size_t{1} << 40;
/// Decoded values of at least this size ask for large pages.
inline constexpr std::size_t least_huge_bytes = std::size_t{4} << 20;
/// Children keep so much freed memory for what comes next.
inline constexpr std::size_t kept_heap_bytes = std::size_t{512} << 20;

// -- scheduling -------------------------------------------------------------------------------------

/// Work that a child is given beyond what it runs, to hide the link's latency.
inline constexpr std::chrono::microseconds prefetch_time{200};
/// ... and at most this many tasks, however short they are.
inline constexpr std::size_t max_prefetch = 2048;
/// An idle child takes accepted tasks from one that has finished nothing for this long.
inline constexpr std::chrono::microseconds take_back_after{500};
/// ... and if all CPUs are busy with short tasks, for this long, which is more than a few time slices of the kernel.
inline constexpr std::chrono::microseconds crowded_take_back_after{10'000};
/// A child from which tasks were taken back, and which could start others, gets some again after this long. The time
/// doubles up to the second one as long as it does not start them.
inline constexpr std::chrono::microseconds first_rest{1000};
inline constexpr std::chrono::microseconds longest_rest{100'000};
/// About the time that a sleeping process needs to wake up on another CPU: shorter tasks had better wait for a child that
/// is awake.
inline constexpr std::chrono::microseconds wake_up_time{20};

/// A task that waited in its child before it was started may be this much late with its timeout.
inline constexpr std::chrono::milliseconds max_timeout_delay{10};

// -- maps -------------------------------------------------------------------------------------------

/// Tasks that a map submits at once, at most.
inline constexpr std::size_t max_tasks_at_a_time = 256;
/// ... and at most as many as take about this long. The same for the items of one batch.
inline constexpr std::chrono::nanoseconds chunk_time = std::chrono::milliseconds(1);
/// The items of a batch, and the bytes of their arguments, after which it takes no further one.
inline constexpr std::uint32_t max_batch_items = 16'384;
inline constexpr std::size_t batch_bytes = std::size_t{32} * 1024;
/// Those of the first batches of a pool, which does not know how long its tasks take.
inline constexpr std::uint32_t first_batch_items = 16;
/// Items in flight or unread of a map whose buffer has no given size, at most; more than `default_buffersize` if their
/// results take less than so many bytes.
inline constexpr std::size_t max_window_items = 65'536;
inline constexpr std::size_t wide_window_bytes = std::size_t{16} * 1024 * 1024;
/// Of coroutines, a batch has as many items as take about this long, and no more than so many: a child gets as many
/// batches as it may run coroutines at a time, and one that does not end at once sends those behind it back.
inline constexpr std::chrono::nanoseconds coroutine_chunk_time = chunk_time / 10;
inline constexpr std::uint32_t max_coroutine_batch_items = 256;
/// A child that has run a batch for so long begins no more of its items.
inline constexpr std::chrono::nanoseconds batch_time = 2 * chunk_time;
/// An item of a batch that runs for so long is left alone in it.
inline constexpr std::chrono::nanoseconds batch_patience = std::chrono::milliseconds(1);

// -- the child --------------------------------------------------------------------------------------

/// A child's loop runs short tasks for this long before it looks at its ring and its event loop.
inline constexpr std::chrono::microseconds work_slice{20};

// -- what a child asks of its parent ----------------------------------------------------------------

/// Requests of one child that wait for their answer, and answers that it has not read.
inline constexpr std::size_t max_child_requests = std::size_t{1} << 17;
/// Bytes of all requests of one child that wait for their answer.
inline constexpr std::uint64_t max_child_request_bytes = max_message_bytes;
/// Bytes of the answers that one child has not read when it is given a further one.
inline constexpr std::uint64_t max_child_unread_bytes = max_message_bytes;
/// Items that a `troupe::queue` can hold.
inline constexpr std::size_t max_queue_capacity = std::size_t{1} << 20;
/// Bytes of all items in a `troupe::queue`; a single item may always enter an empty one.
inline constexpr std::uint64_t max_queue_bytes = max_message_bytes;
/// Tasks that submit tasks that submit tasks ...
inline constexpr std::uint32_t max_nesting = 4096;
/// Tasks of one child that have lent their places.
inline constexpr std::size_t max_lent_tasks = 4096;
/// As many plain functions of a child may wait for their pool and have any task run on top of them.
/// Above a further one only those run that are nested more deeply than itself.
inline constexpr std::size_t lent_functions = 16;
/// The same for coroutines and blocking functions.
inline constexpr std::size_t lent_concurrent_tasks = 1024;

// -- actors -----------------------------------------------------------------------------------------

/// Actors of one child that this process knows, and that somebody here refers to.
inline constexpr std::size_t max_remote_actors = std::size_t{1} << 17;
/// So many proxies are made before it is looked which of them nobody refers to any more.
inline constexpr std::size_t min_proxy_sweep = 1024;
/// Requests to the actors of one child that have no response yet.
inline constexpr std::size_t max_open_actor_requests = std::size_t{1} << 17;
/// Responses and other signals that the actors of one child asked for, and that it has not read.
inline constexpr std::size_t max_unread_actor_signals = std::size_t{1} << 17;

// -- supervision ------------------------------------------------------------------------------------

inline constexpr std::chrono::milliseconds max_backoff{1'000};
/// Deaths by tasks in a row, for each child of a pool, after which successors start with a pause.
inline constexpr std::size_t deaths_without_success = 32;
inline constexpr std::chrono::milliseconds death_pause{20};
/// The number of deaths of a child by which a task that was on its way into it, and never got in, fails.
inline constexpr std::uint32_t max_failed_deliveries = 2;
/// How often the parent looks whether children make progress, while they have tasks.
inline constexpr std::chrono::milliseconds pulse_interval{1'000};
/// The number of such looks after which a child that does not begin what it has is ended.
inline constexpr int pulses_without_progress = 5;
/// ... or one whose loop has used that much CPU time meanwhile.
inline constexpr std::chrono::seconds busy_without_progress{10};
/// A zygote that has not answered for this long is ended.
inline constexpr std::chrono::milliseconds zygote_patience{30'000};
/// Times that an idempotent task is tried when no task can be told to be the culprit.
inline constexpr std::uint32_t max_attempts = 5;
inline constexpr std::size_t max_stack_frames = 32;
/// Frames that are looked at of a stack that overflowed.
inline constexpr std::size_t max_unwound_frames = std::size_t{1} << 20;
/// ... and of a thread that is asked where it is, and goes on.
inline constexpr std::size_t max_asked_frames = 1'000;
/// A text that a crash leaves, and what is shown of it.
inline constexpr std::size_t max_crash_message_bytes = 1024;
inline constexpr std::size_t shown_message_bytes = 500;
/// Modules of which a crash leaves the names, and their bytes.
inline constexpr std::size_t max_crash_modules = 8;
inline constexpr std::size_t max_module_path_bytes = 256;
inline constexpr std::size_t max_crash_build_id_bytes = 32;
/// How long a thread that crashes waits for one that has crashed before.
inline constexpr std::chrono::milliseconds crash_patience{2'000};
inline constexpr std::size_t max_nested_exceptions = 16;
inline constexpr std::size_t max_error_text_bytes = std::size_t{64} * 1024;
/// A child could name categories of errors without end; past this many they share one.
inline constexpr std::size_t max_unknown_categories = 64;

/// Tasks that are told to be slow at a time, and then after how long the next ones.
inline constexpr std::size_t max_slow_tasks_told = 16;
inline constexpr std::chrono::milliseconds slow_tasks_pause{1'000};
/// Stacks that wait to be logged with the names of their functions.
inline constexpr std::size_t max_waiting_traces = 16;

// -- what is seen of a pool while it runs -----------------------------------------------------------

/// Names of tasks that a pool counts by.
inline constexpr std::size_t max_counted_names = 256;
/// Failures that a pool keeps, as many as it looks at in one window, and the bytes of their texts.
inline constexpr std::size_t max_kept_failures = 16;
inline constexpr std::chrono::milliseconds failure_window{100};
inline constexpr std::size_t max_kept_failure_bytes = 1024;
/// Threads of a child whose stacks are shown.
inline constexpr std::size_t max_shown_threads = 32;
/// Tasks that are listed for a watcher.
inline constexpr std::size_t max_shown_tasks = 100;
/// How long the symbols of one stack are looked for.
inline constexpr std::chrono::milliseconds symbol_patience{3'000};
/// How long a child has to leave the stacks of its threads.
inline constexpr std::chrono::milliseconds stack_patience{1'000};
/// Watchers of a process at a time, and the bytes of a line that one sends.
inline constexpr std::size_t max_watchers = 16;
inline constexpr std::size_t max_watcher_line = std::size_t{4} * 1024;
/// What waits for a watcher that has a stream, beside as much that is on its way; a line more than that at most.
inline constexpr std::size_t max_stream_bytes = std::size_t{1} << 20;

// -- captured output --------------------------------------------------------------------------------

/// A longer line is cut.
inline constexpr std::size_t max_output_line = std::size_t{4} * 1024;
/// What is read of one child at a time.
inline constexpr std::size_t output_read_bytes = std::size_t{4} * 1024;
/// What a pipe holds (pipe(7)).
inline constexpr std::size_t pipe_bytes = std::size_t{64} * 1024;
/// The last lines of its stderr, for errors.
inline constexpr std::size_t kept_output_lines = 20;
inline constexpr std::size_t kept_output_bytes = std::size_t{4} * 1024;
/// What is shown of the last one.
inline constexpr std::size_t shown_output_bytes = 200;
/// Lines of all children that wait to be written.
inline constexpr std::size_t max_output_queue = 2048;

// -- configuration files ----------------------------------------------------------------------------

inline constexpr std::size_t max_config_file_bytes = std::size_t{1024} * 1024;
/// Files that one includes, with those that they include.
inline constexpr std::size_t max_included_files = 1024;
/// What is shown of the name of a file.
inline constexpr std::size_t max_shown_path_bytes = 256;
/// ... of a value in it, and of what the parser says.
inline constexpr std::size_t max_shown_value_bytes = 60;
inline constexpr std::size_t max_shown_sentence_bytes = 300;
/// Problems of a file that are listed.
inline constexpr std::size_t max_shown_problems = 20;
/// Parts of a dotted key; `pool.web.restart.intensity` has 4.
inline constexpr std::size_t max_key_parts = 16;
/// ... of one that the command line gives a value.
inline constexpr std::size_t max_assigned_key_parts = 8;
/// Longer names are not compared with others, to suggest one.
inline constexpr std::size_t max_compared_name_bytes = 64;
/// Names that are listed where none is near.
inline constexpr std::size_t max_listed_names = 20;

// -- modules ----------------------------------------------------------------------------------------

/// A module that has not been loaded for this long is given up.
inline constexpr std::chrono::seconds module_patience{30};

// -- the codec --------------------------------------------------------------------------------------

/// Values within values, also those of JSON: they take the stack of whoever follows them.
inline constexpr std::size_t max_value_depth = 512;
/// Elements that take no bytes, in all containers of one message.
inline constexpr std::size_t max_empty_elements = std::size_t{1} << 20;

/// The same in one container of a message between actors.
inline constexpr std::size_t max_empty_elements_of_actor_message = std::size_t{1} << 16;

/// What is shown of a message that could not be sent.
inline constexpr std::size_t max_shown_message_bytes = 200;

} // namespace troupe::limits
