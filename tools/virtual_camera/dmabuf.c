/* Lets libcamera's virtual pipeline run where the kernel gives no dma-buf: /dev/udmabuf is a memfd, and the dma-buf made
   from another memfd is that memfd itself. Loaded with LD_PRELOAD into the one program that tries the camera. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <linux/dma-buf.h>
#include <linux/udmabuf.h>
#include <stdarg.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

static int wanted(const char *path) { return path && strcmp(path, "/dev/udmabuf") == 0; }
static int stand_in(void) { return memfd_create("udmabuf", MFD_CLOEXEC); }

#define MODE(flags) \
    mode_t mode = 0; \
    if ((flags) & (O_CREAT | O_TMPFILE)) { va_list rest; va_start(rest, flags); mode = va_arg(rest, mode_t); va_end(rest); }

#define OPEN(name) \
    int name(const char *path, int flags, ...) { \
        MODE(flags) \
        if (wanted(path)) return stand_in(); \
        int (*next)(const char *, int, ...) = dlsym(RTLD_NEXT, #name); \
        return next(path, flags, mode); \
    }

#define OPENAT(name) \
    int name(int folder, const char *path, int flags, ...) { \
        MODE(flags) \
        if (wanted(path)) return stand_in(); \
        int (*next)(int, const char *, int, ...) = dlsym(RTLD_NEXT, #name); \
        return next(folder, path, flags, mode); \
    }

OPEN(open)
OPEN(open64)
OPENAT(openat)
OPENAT(openat64)

int ioctl(int fd, unsigned long request, ...) {
    va_list rest;
    va_start(rest, request);
    void *argument = va_arg(rest, void *);
    va_end(rest);
    if (request == UDMABUF_CREATE)
        return fcntl(((struct udmabuf_create *)argument)->memfd, F_DUPFD_CLOEXEC, 3);
    if (request == DMA_BUF_IOCTL_SYNC)
        return 0; /* plain memory needs no synchronising */
    int (*next)(int, unsigned long, ...) = dlsym(RTLD_NEXT, "ioctl");
    return next(fd, request, argument);
}
