# User C modules for any port of MicroPython on lwIP: make ... USER_C_MODULES=<this repository>/native
SRC_USERMOD_C += $(USERMOD_DIR)/udp_queue.c $(USERMOD_DIR)/lwip_io.c
CFLAGS_USERMOD += -I$(USERMOD_DIR)
