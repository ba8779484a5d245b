const orders = Array.from({ length: 5 }, (_, index) => ({
  id: `ord_${1000 + index}`,
  status: 'shipped',
  total: { amount: 4900 + index, currency: 'EUR' },
  placedAt: '2026-11-21T20:00:00.000Z',
}))

/** The JSON that every target returns from a guarded GET: a typical API response of about 600 bytes. */
export const API_ANSWER = JSON.stringify({ orders, next: null })
