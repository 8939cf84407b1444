/*
 * Loaded into a server under test (LD_PRELOAD): it may listen on the loopback only, and calls out from the same address,
 * whatever it asks for. LOOPBACK_ADDRESS is that address; by default 127.0.0.1.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dlfcn.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

static in_addr_t ours(void) {
  const char *text = getenv("LOOPBACK_ADDRESS");
  return inet_addr(text != NULL ? text : "127.0.0.1");
}

int bind(int fd, const struct sockaddr *address, socklen_t length) {
  int (*next)(int, const struct sockaddr *, socklen_t) = dlsym(RTLD_NEXT, "bind");
  if (address->sa_family == AF_INET) {
    struct sockaddr_in four = *(const struct sockaddr_in *)address;
    four.sin_addr.s_addr = ours();
    return next(fd, (struct sockaddr *)&four, sizeof four);
  }
  if (address->sa_family == AF_INET6) {
    struct sockaddr_in6 six = *(const struct sockaddr_in6 *)address;
    in_addr_t v4 = ours();
    memset(&six.sin6_addr, 0, sizeof six.sin6_addr);
    six.sin6_addr.s6_addr[10] = six.sin6_addr.s6_addr[11] = 0xff;
    memcpy(&six.sin6_addr.s6_addr[12], &v4, sizeof v4);
    return next(fd, (struct sockaddr *)&six, sizeof six);
  }
  return next(fd, address, length);
}

int connect(int fd, const struct sockaddr *address, socklen_t length) {
  int (*next)(int, const struct sockaddr *, socklen_t) = dlsym(RTLD_NEXT, "connect");
  if (address->sa_family == AF_INET && getenv("LOOPBACK_ADDRESS") != NULL) {
    struct sockaddr_in from;
    memset(&from, 0, sizeof from);
    from.sin_family = AF_INET;
    bind(fd, (struct sockaddr *)&from, sizeof from); /* an address of its own: the peer tells servers apart by it */
  }
  return next(fd, address, length);
}
