/* SPDX-License-Identifier: MIT
 *
 * What the simulator leaves out of the contract, each with the fact about it that is the reason.
 */
#include "test/contract/sim_kernel.h"

#include <stddef.h>
#include <string.h>

static const char threads[] = "a simulated world is one thread's: no other one calls into it",
                  work[] = "work is done in the loop of the simulator and holds it",
                  signals[] =
                      "signals are the kernel's, and so is the descriptor that tells of one",
                  children[] = "child processes and their pipes are the kernel's",
                  streams[] = "standard streams and terminals are the kernel's",
                  real_time[] = "time is virtual: the machine's clocks and computing do not count",
                  traces[] = "debug mode finds places by the test's own calls, which are replaced",
                  library[] = "the C library asks the machine itself for its interfaces",
                  watches[] = "inotify tells of the kernel's files",
                  urgent[] = "no operation sends urgent data, so no simulated peer has any";

static const struct {
    const char *test, *reason;
} skips[] = {
    {"a_thread_that_is_no_task_can_ask_a_task_to_stop", threads},
    {"a_sleep_follows_a_clock_that_is_set", real_time},
    {"a_sleep_without_a_descriptor_for_its_timer_fails", real_time},
    {"processor_time_counts_work_and_not_waiting", real_time},
    {"debug_tells_who_left_a_descriptor_open", traces},
    {"debug_watches_adopted_descriptors", traces},
    {"debug_sees_descriptors_that_come_out_of_queues", traces},
    {"debug_tells_of_a_mistake_once_for_each_place", traces},
    {"a_dump_says_who_did_not_answer", threads},
    {"a_signal_makes_a_dump", threads},
    {"a_signal_that_does_not_exist_is_refused", threads},
    {"tasks_are_seen_from_outside", threads},
    {"an_engine_that_does_not_run_has_no_tasks", threads},
    {"a_task_that_yields_is_not_named", threads},
    {"a_worker_that_sleeps_is_not_stalled", threads},
    {"the_stall_detector_gives_its_signal_back", threads},
    {"a_signal_makes_a_dump_while_a_task_holds_its_worker", signals},
    {"the_list_agrees_with_the_c_library", library},
    {"a_foreign_thread_has_a_task_do_it_and_gets_the_result", threads},
    {"process_tells_how_it_ended", children},
    {"process_is_fed_and_read_through_streams", children},
    {"process_start_reports_why_a_file_cannot_run", children},
    {"process_gets_what_the_options_say", children},
    {"process_writes_to_another_as_to_any_pipe", children},
    {"process_starts_with_fresh_signals_and_three_descriptors", children},
    {"process_leads_a_group_or_a_session_when_asked", children},
    {"process_run_carries_large_data_both_ways", children},
    {"process_run_is_content_with_a_child_that_does_not_read", children},
    {"process_writer_is_told_that_the_child_reads_no_more", children},
    {"process_stop_kills_only_who_does_not_go", children},
    {"process_exits_can_be_selected", children},
    {"process_hundred_children_at_once", children},
    {"process_start_without_descriptors_leaves_nothing", children},
    {"process_start_that_is_canceled_leaves_nothing", children},
    {"process_waits_and_streams_can_be_canceled", children},
    {"process_stop_that_is_canceled_kills_at_once", children},
    {"process_end_of_a_canceled_task_still_reaps", children},
    {"process_run_that_is_canceled_kills_and_keeps_what_came", children},
    {"each_clock_tells_the_time_of_the_machines", real_time},
    {"the_clock_goes_on_while_a_task_computes", real_time},
    {"relay_goes_on_past_urgent_data", urgent},
    {"what_is_behind_an_urgent_byte_is_read_in_every_manner", urgent},
    {"a_signal_is_told_to_every_set_that_has_it", signals},
    {"a_signal_wakes_the_task_that_waits_for_it", signals},
    {"signals_that_come_often_are_told_once_and_counted", signals},
    {"a_signal_wins_a_select_and_one_that_lost_is_kept", signals},
    {"a_set_in_which_more_is_left_completes_an_op", signals},
    {"a_wait_is_canceled_and_expires_and_loses_no_signal", signals},
    {"the_former_disposition_comes_back_with_the_last_set", signals},
    {"sets_and_descriptors_run_out_and_come_back", signals},
    {"the_handler_keeps_errno_and_what_is_blocked", signals},
    {"closing_waits_for_a_handler_on_another_thread", signals},
    {"sets_open_and_close_while_signals_come", signals},
    {"other_tasks_wait_undisturbed_while_signals_come", signals},
    {"no_count_is_lost_between_threads_and_a_taker", signals},
    {"a_task_that_holds_its_worker_is_named", real_time},
    {"stdio_pipe_is_read_to_its_end", streams},
    {"stdio_pipe_that_is_full_holds_only_the_writer", streams},
    {"stdio_terminal_has_a_state_of_its_own", streams},
    {"stdio_terminal_that_cannot_be_opened_again_is_used_as_it_is", streams},
    {"stdio_file_keeps_the_shared_offset", streams},
    {"stdio_device_null_and_full", streams},
    {"stdio_socket_is_read_without_holding_the_thread", streams},
    {"stdio_that_is_missing_is_an_error", streams},
    {"stdio_named_pipe_without_writers_is_at_its_end", streams},
    {"a_unix_pair_of_each_type_survives_a_fork", children},
    {"a_unix_path_is_made_with_its_mode_and_not_changed_to_it", watches},
    {"a_thread_that_is_no_task_can_wake", threads},
    {"a_token_may_be_canceled_from_any_thread_at_any_moment", threads},
    {"work_gives_its_result_from_a_thread_where_it_may_block", work},
    {"other_tasks_run_while_work_blocks", work},
    {"work_that_has_begun_is_waited_for_and_the_request_stays_pending", work},
    {"work_beyond_the_limit_waits_and_can_be_taken_back", work},
    {"an_error_of_the_work_itself_takes_no_request", work},
};

const char *sim_skip_reason(const char *test)
{
    for (size_t i = 0; i < sizeof skips / sizeof skips[0]; i++)
        if (strcmp(skips[i].test, test) == 0) return skips[i].reason;
    return NULL;
}
