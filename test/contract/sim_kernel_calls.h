/* SPDX-License-Identifier: MIT
 *
 * The calls of the C library that tests make plainly, and that go to the simulator in it.
 */
#ifndef WEIR_TEST_CONTRACT_SIM_KERNEL_CALLS_H
#define WEIR_TEST_CONTRACT_SIM_KERNEL_CALLS_H

#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

int __real_socket(int family, int type, int protocol);
int __wrap_socket(int family, int type, int protocol);

int __real_socketpair(int family, int type, int protocol, int ends[2]);
int __wrap_socketpair(int family, int type, int protocol, int ends[2]);

int __real_pipe2(int ends[2], int flags);
int __wrap_pipe2(int ends[2], int flags);

int __real_pipe(int ends[2]);
int __wrap_pipe(int ends[2]);

int __real_bind(int fd, const struct sockaddr *name, socklen_t len);
int __wrap_bind(int fd, const struct sockaddr *name, socklen_t len);

int __real_listen(int fd, int backlog);
int __wrap_listen(int fd, int backlog);

int __real_accept(int fd, struct sockaddr *name, socklen_t *len);
int __wrap_accept(int fd, struct sockaddr *name, socklen_t *len);

int __real_connect(int fd, const struct sockaddr *name, socklen_t len);
int __wrap_connect(int fd, const struct sockaddr *name, socklen_t len);

ssize_t __real_send(int fd, const void *data, size_t len, int flags);
ssize_t __wrap_send(int fd, const void *data, size_t len, int flags);

ssize_t __real_write(int fd, const void *data, size_t len);
ssize_t __wrap_write(int fd, const void *data, size_t len);

ssize_t __real_recv(int fd, void *data, size_t len, int flags);
ssize_t __wrap_recv(int fd, void *data, size_t len, int flags);

ssize_t __real_read(int fd, void *data, size_t len);
ssize_t __wrap_read(int fd, void *data, size_t len);

int __real_close(int fd);
int __wrap_close(int fd);

int __real_dup(int fd);
int __wrap_dup(int fd);

int __real_fcntl(int fd, int command, ...);
int __wrap_fcntl(int fd, int command, ...);

int __real_getsockopt(int fd, int level, int name, void *value, socklen_t *len);
int __wrap_getsockopt(int fd, int level, int name, void *value, socklen_t *len);

int __real_setsockopt(int fd, int level, int name, const void *value, socklen_t len);
int __wrap_setsockopt(int fd, int level, int name, const void *value, socklen_t len);

int __real_getsockname(int fd, struct sockaddr *name, socklen_t *len);
int __wrap_getsockname(int fd, struct sockaddr *name, socklen_t *len);

int __real_poll(struct pollfd *look, nfds_t count, int timeout);
int __wrap_poll(struct pollfd *look, nfds_t count, int timeout);

int __real_getrlimit(__rlimit_resource_t resource, struct rlimit *out);
int __wrap_getrlimit(__rlimit_resource_t resource, struct rlimit *out);

int __real_setrlimit(__rlimit_resource_t resource, const struct rlimit *limit);
int __wrap_setrlimit(__rlimit_resource_t resource, const struct rlimit *limit);

int __real_test_fd_count(void);
int __wrap_test_fd_count(void);

int __real_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...);

int __real_openat(int directory, const char *path, int flags, ...);
int __wrap_openat(int directory, const char *path, int flags, ...);

ssize_t __real_pread(int fd, void *data, size_t len, off_t offset);
ssize_t __wrap_pread(int fd, void *data, size_t len, off_t offset);

int __real_ftruncate(int fd, off_t size);
int __wrap_ftruncate(int fd, off_t size);

int __real_flock(int fd, int operation);
int __wrap_flock(int fd, int operation);

int __real_faccessat(int directory, const char *path, int mode, int flags);
int __wrap_faccessat(int directory, const char *path, int mode, int flags);

int __real_unlinkat(int directory, const char *path, int flags);
int __wrap_unlinkat(int directory, const char *path, int flags);

int __real_unlink(const char *path);
int __wrap_unlink(const char *path);

int __real_rmdir(const char *path);
int __wrap_rmdir(const char *path);

int __real_mkdir(const char *path, mode_t mode);
int __wrap_mkdir(const char *path, mode_t mode);

int __real_mkfifo(const char *path, mode_t mode);
int __wrap_mkfifo(const char *path, mode_t mode);

int __real_symlink(const char *target, const char *path);
int __wrap_symlink(const char *target, const char *path);

int __real_chmod(const char *path, mode_t mode);
int __wrap_chmod(const char *path, mode_t mode);

int __real_utimes(const char *path, const struct timeval times[2]);
int __wrap_utimes(const char *path, const struct timeval times[2]);

int __real_stat(const char *path, struct stat *out);
int __wrap_stat(const char *path, struct stat *out);

int __real_lstat(const char *path, struct stat *out);
int __wrap_lstat(const char *path, struct stat *out);

int __real_fstat(int fd, struct stat *out);
int __wrap_fstat(int fd, struct stat *out);

char *__real_mkdtemp(char *pattern);
char *__wrap_mkdtemp(char *pattern);

void __real_contract_remove_directory(const char *path);
void __wrap_contract_remove_directory(const char *path);

pid_t __real_getpid(void);
pid_t __wrap_getpid(void);

uid_t __real_geteuid(void);
uid_t __wrap_geteuid(void);

gid_t __real_getegid(void);
gid_t __wrap_getegid(void);

#endif
