"""The allocation server: receiver unit, allocation unit, transmission unit."""
