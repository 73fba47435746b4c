# stm: the power controller's registers of the STM32F7, as far as they concern the WKUP pins. Sources: RM0431 section 4.4,
# ports/stm32/powerctrl.c (powerctrl_enter_standby_mode keeps EWUP and clears the flags; a reset clears EWUP).
import _wire

PWR = 0x40007000
PWR_CR1 = 0
PWR_CSR1 = 4
PWR_CR2 = 8
PWR_CSR2 = 12
_PINS = ("A0", "A2", "C1", "C13")


class _Registers:
    _cr2 = 0
    _csr2 = _wire.model["wake_reason"]  # the flags that the last standby left

    def __getitem__(self, address):
        if address == PWR + PWR_CR2:
            return self._cr2
        if address == PWR + PWR_CSR2:
            return self._csr2
        raise NotImplementedError("stm.mem32[0x{:x}]".format(address))

    def __setitem__(self, address, value):
        if address == PWR + PWR_CR2:
            self._csr2 &= ~(value & 0x3F)  # CWUPF: a one clears the flag and reads as zero
            self._cr2 = value & 0x3F00
        elif address == PWR + PWR_CSR2:
            self._csr2 = self._csr2 & 0x3F | value & 0x3F00
        else:
            raise NotImplementedError("stm.mem32[0x{:x}]".format(address))


mem32 = _Registers()


def _standby():
    armed = []
    for i in range(len(_PINS)):
        bit = 0x100 << i
        if mem32._csr2 & bit:
            armed.append("{}={}".format(_PINS[i], 0 if mem32._cr2 & bit else 1))
    if armed:
        _wire.call(b"wake.pin", ("0:" + ",".join(armed)).encode())
