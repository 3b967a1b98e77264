// lwIP's view of the compiler.
#ifndef PARLEY_LWIP_CC_H
#define PARLEY_LWIP_CC_H

#include <assert.h>

#define LWIP_PLATFORM_DIAG(x)
#define LWIP_PLATFORM_ASSERT(text) assert(0 && (text))

#endif
