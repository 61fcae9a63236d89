/* Common to all kernels. Every function is pure: it reads the arrays it is given and writes into arrays of the caller's. */
#ifndef CLEANUP_KERNELS_H
#define CLEANUP_KERNELS_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if defined(_WIN32)
#define KERNEL __declspec(dllexport)
#else
#define KERNEL __attribute__((visibility("default")))
#endif

#endif
