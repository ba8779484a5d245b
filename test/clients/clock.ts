/*
 * Loaded before a program, so that the test can advance its clock together with the server's: it sends the number of
 * milliseconds. Timers keep the real time.
 */
const SystemDate = Date
let offset = 0

class ShiftedDate extends SystemDate {
  constructor(...parts: readonly unknown[]) {
    if (parts.length === 0) super(ShiftedDate.now())
    else super(...(parts as [number]))
  }

  static override now(): number {
    return SystemDate.now() + offset
  }
}

globalThis.Date = ShiftedDate as DateConstructor
process.on('message', (milliseconds: number) => {
  offset += milliseconds
  process.send?.('advanced')
})
process.channel?.unref()
