/* SPDX-License-Identifier: MIT
 *
 * Messages in the form in which sendmsg(2) and recvmsg(2) take them, alone and in batches.
 */
#ifndef IO_POSIX_MESSAGE_H
#define IO_POSIX_MESSAGE_H

#include <weir/io/socket.h>

/* Messages per system call. */
enum { WEIR_MESSAGE_BATCH = 32 };

/* Send or receive one message, or up to WEIR_MESSAGE_BATCH, without waiting.
 *
 * Return the bytes, or how many messages; or the negated errno, WEIR_EAGAIN for "would block";
 * WEIR_EINVAL: more than 1024 slices. */
int64_t weir_message_send(int fd, weir_message *message);
int64_t weir_message_receive(int fd, weir_message *message, bool peek);
int64_t weir_message_send_some(int fd, weir_message *messages, uint32_t count);
int64_t weir_message_receive_some(int fd, weir_message *messages, uint32_t count);

#endif
