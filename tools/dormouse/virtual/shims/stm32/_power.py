# machine.mem32 of an STM32F7: the power controller's registers, as far as they concern the WKUP pins. Sources: RM0431 section
# 4.4, ports/stm32/powerctrl.c (powerctrl_enter_standby_mode keeps EWUP and clears the flags; a reset clears EWUP).
import _wire

_CR2 = 0x40007008
_CSR2 = 0x4000700C
_PINS = ("A0", "A2", "C1", "C13")


class _Registers:
    _cr2 = 0
    _csr2 = _wire.model["wake_reason"]  # the flags that the last standby left

    def __getitem__(self, address):
        if address == _CR2:
            return self._cr2
        if address == _CSR2:
            return self._csr2
        raise NotImplementedError("mem32[0x{:x}]".format(address))

    def __setitem__(self, address, value):
        if address == _CR2:
            self._csr2 &= ~(value & 0x3F)  # CWUPF: a one clears the flag and reads as zero
            self._cr2 = value & 0x3F00
        elif address == _CSR2:
            self._csr2 = self._csr2 & 0x3F | value & 0x3F00
        else:
            raise NotImplementedError("mem32[0x{:x}]".format(address))


mem32 = _Registers()


def standby():
    armed = []
    for i in range(len(_PINS)):
        bit = 0x100 << i
        if mem32._csr2 & bit:
            armed.append("{}={}".format(_PINS[i], 0 if mem32._cr2 & bit else 1))
    if armed:
        _wire.call(b"wake.pin", ("0:" + ",".join(armed)).encode())
