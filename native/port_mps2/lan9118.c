// SMSC LAN9118 Ethernet controller as a network interface of lwIP. Register numbers: LAN9118 data sheet, chapter 5.
// Received frames are taken in PendSV, below every other interrupt: lwIP never runs beside itself, and MicroPython
// keeps it out with mps2_net_lock (MICROPY_PY_LWIP_ENTER).
#include <string.h>

#include "lan9118.h"

#include "lwip/etharp.h"
#include "netif/ethernet.h"
#include "lwip/init.h"
#include "lwip/timeouts.h"

#define LAN(offset) MPS2_REG(MPS2_LAN9118 + (offset))
#define RX_DATA LAN(0x00)
#define TX_DATA LAN(0x20)
#define RX_STATUS LAN(0x40)
#define TX_STATUS LAN(0x48)
#define ID_REV LAN(0x50)
#define IRQ_CFG LAN(0x54)
#define INT_STS LAN(0x58)
#define INT_EN LAN(0x5c)
#define FIFO_INT LAN(0x68)
#define TX_CFG LAN(0x70)
#define HW_CFG LAN(0x74)
#define RX_DP_CTRL LAN(0x78)
#define RX_FIFO_INF LAN(0x7c)
#define TX_FIFO_INF LAN(0x80)
#define MAC_CMD LAN(0xa4)
#define MAC_DATA LAN(0xa8)
enum { MAC_CR = 1, MAC_ADDRH = 2, MAC_ADDRL = 3 };
enum { INT_RSFL = 1 << 3 };
enum { FRAME_BYTES_MAX = 1514 };

struct lan9118_counters lan9118_counters;
static struct netif interface;
static bool running;

static void mac_write(uint32_t index, uint32_t value) {
    MAC_DATA = value;
    MAC_CMD = 1u << 31 | index;
    while (MAC_CMD & 1u << 31) {
    }
}

static err_t send_frame(struct netif *netif, struct pbuf *frame) {
    (void)netif;
    uint32_t length = frame->tot_len;
    static uint32_t words[(FRAME_BYTES_MAX + 3) / 4];
    if (length > FRAME_BYTES_MAX) {
        return ERR_BUF;
    }
    if ((TX_FIFO_INF & 0xffff) < length + 16) { // free bytes; the emulated line is never slow, a real one may be
        lan9118_counters.tx_refused++;
        return ERR_MEM;
    }
    pbuf_copy_partial(frame, words, (u16_t)length, 0);
    TX_DATA = 1u << 13 | 1u << 12 | length; // one buffer is the whole frame
    TX_DATA = length;
    for (uint32_t i = 0; i < (length + 3) / 4; i++) {
        TX_DATA = words[i];
    }
    while (TX_FIFO_INF >> 16 & 0xff) { // statuses of frames that went out
        (void)TX_STATUS;
    }
    lan9118_counters.tx_frames++;
    return ERR_OK;
}

static struct pbuf *take_frame(void) {
    uint32_t status = RX_STATUS;
    uint32_t length = status >> 16 & 0x3fff; // with the frame check sequence
    uint32_t words = (length + 3) / 4;
    struct pbuf *frame = NULL;
    if (!(status & 1u << 15) && length > 4 && length - 4 <= FRAME_BYTES_MAX) {
        frame = pbuf_alloc(PBUF_RAW, (u16_t)(words * 4), PBUF_POOL);
    }
    if (frame == NULL) {
        lan9118_counters.rx_dropped++;
        while (words--) {
            (void)RX_DATA;
        }
        return NULL;
    }
    uint32_t done = 0;
    for (; words--; done += 4) {
        uint32_t word = RX_DATA;
        pbuf_take_at(frame, &word, 4, (u16_t)done);
    }
    pbuf_realloc(frame, (u16_t)(length - 4));
    lan9118_counters.rx_frames++;
    return frame;
}

void PendSV_Handler(void) {
    if (running) {
        while (RX_FIFO_INF >> 16 & 0xff) {
            struct pbuf *frame = take_frame();
            if (frame != NULL && interface.input(frame, &interface) != ERR_OK) {
                pbuf_free(frame);
            }
        }
        INT_STS = INT_RSFL;
        INT_EN = INT_RSFL;
    }
    sys_check_timeouts();
}

void Ethernet_Handler(void) {
    INT_EN = 0; // until PendSV has emptied the controller
    mps2_net_pend();
}

static err_t interface_init(struct netif *netif) {
    netif->name[0] = 'e';
    netif->name[1] = 'n';
    netif->mtu = 1500;
    netif->hwaddr_len = 6;
    netif->flags = NETIF_FLAG_BROADCAST | NETIF_FLAG_ETHARP | NETIF_FLAG_IGMP | NETIF_FLAG_ETHERNET | NETIF_FLAG_LINK_UP;
    netif->output = etharp_output;
    netif->linkoutput = send_frame;
    return ERR_OK;
}

bool lan9118_start(const uint8_t address[6]) {
    if (ID_REV >> 16 != 0x0118) {
        return false;
    }
    HW_CFG = 1u << 20 | 5u << 16; // store and forward; 5 KB of the memory for sending
    IRQ_CFG = 1u << 8 | 1u << 4 | 1u; // enabled, active high, push-pull
    FIFO_INT = 0;                     // interrupt at the first frame
    mac_write(MAC_ADDRH, (uint32_t)address[5] << 8 | address[4]);
    mac_write(MAC_ADDRL, (uint32_t)address[3] << 24 | (uint32_t)address[2] << 16 | (uint32_t)address[1] << 8 | address[0]);
    TX_CFG = 2;
    mac_write(MAC_CR, 1u << 3 | 1u << 2);
    uint32_t state = mps2_net_lock();
    ip4_addr_t none = {0};
    memset(&interface, 0, sizeof(interface));
    netif_add(&interface, &none, &none, &none, NULL, interface_init, ethernet_input);
    memcpy(interface.hwaddr, address, 6);
    netif_set_default(&interface);
    netif_set_up(&interface);
    running = true;
    INT_STS = 0xffffffffu;
    INT_EN = INT_RSFL;
    mps2_net_unlock(state);
    mps2_irq_enable(MPS2_IRQ_ETHERNET, MPS2_PRIORITY_NET);
    mps2_net_pend();
    return true;
}

void lan9118_stop(void) {
    uint32_t state = mps2_net_lock();
    if (running) {
        running = false;
        INT_EN = 0;
        mac_write(MAC_CR, 0);
        netif_remove(&interface);
    }
    mps2_net_unlock(state);
}

struct netif *lan9118_interface(void) { return running ? &interface : NULL; }

uint32_t sys_now(void) { return (uint32_t)(mps2_time_us() / 1000u); }

void mps2_network_init(void) {
    static bool once;
    if (!once) {
        lwip_init();
        once = true;
    }
}

void mps2_network_deinit(void) { lan9118_stop(); }
