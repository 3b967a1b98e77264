// lwIP for a board that carries calls: many short UDP datagrams, a little TCP.
#ifndef PARLEY_LWIPOPTS_H
#define PARLEY_LWIPOPTS_H

#include <stdint.h>

#define LWIP_NETIF_EXT_STATUS_CALLBACK 0
#define LWIP_NETIF_STATUS_CALLBACK 0
#define LWIP_IPV4 1
#define LWIP_IPV6 0
#define LWIP_LOOPBACK_MAX_PBUFS 8
#define LWIP_NETIF_LOOPBACK 0
#define LWIP_RAND() mps2_random()
uint32_t mps2_random(void);

#define PBUF_POOL_SIZE 160         // five frames from each of 16 participants, and signalling
#define PBUF_POOL_BUFSIZE 320      // an RTP packet of 20 ms fits in one, a SIP message takes three to five
#define IP_REASS_MAX_PBUFS 64      // of the pool: two SIP messages of 8 KB that come in fragments
#define MEM_SIZE (48 * 1024)
#define MEMP_NUM_UDP_PCB 72        // SIP and one for each of up to 64 legs, DHCP, DNS
#define MEMP_NUM_TCP_PCB 8
#define MEMP_NUM_PBUF 64
#define TCP_MSS 1460
#define TCP_WND (4 * TCP_MSS)
#define TCP_SND_BUF (4 * TCP_MSS)
#define MEMP_NUM_TCP_SEG 32
#define ARP_QUEUEING 1
#define ARP_TABLE_SIZE 32

#define SYS_ARCH_DECL_PROTECT(state)
#define SYS_ARCH_PROTECT(state)
#define SYS_ARCH_UNPROTECT(state)
#define NO_SYS 1
#define SYS_LIGHTWEIGHT_PROT 0
#define MEM_ALIGNMENT 4
#define LWIP_CHKSUM_ALGORITHM 3
#define LWIP_ARP 1
#define LWIP_ETHERNET 1
#define LWIP_RAW 0
#define LWIP_NETCONN 0
#define LWIP_SOCKET 0
#define LWIP_STATS 1
#define LWIP_STATS_LARGE 0
#define LWIP_NETIF_HOSTNAME 1
#define LWIP_DHCP 1
#define DHCP_COARSE_TIMER_SECS 5   // how exact a lease's times are; one of four days and more is renewed within two
#define LWIP_DHCP_DOES_ACD_CHECK 0
#define LWIP_DNS 1
#define LWIP_DNS_SUPPORT_MDNS_QUERIES 0
#define LWIP_MDNS_RESPONDER 0
#define LWIP_IGMP 1
#define SO_REUSE 1
#define TCP_LISTEN_BACKLOG 1

typedef uint32_t sys_prot_t;

#endif
