// The Ethernet interface and what it counts.
#ifndef LAN9118_H
#define LAN9118_H

#include "mps2.h"

#include "lwip/netif.h"

struct lan9118_counters {
    uint32_t rx_frames, rx_dropped, tx_frames, tx_refused;
};
extern struct lan9118_counters lan9118_counters;

bool lan9118_start(const uint8_t address[6]); // false: no such controller
void lan9118_stop(void);
struct netif *lan9118_interface(void); // NULL while stopped

#endif
