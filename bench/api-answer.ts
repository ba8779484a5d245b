const orders = Array.from({ length: 5 }, (_, index) => ({
  id: `ord_${1000 + index}`,
  status: 'shipped',
  total: { amount: 4900 + index, currency: 'EUR' },
  placedAt: '2026-11-21T20:00:00.000Z',
}))

/** What every target answers to a guarded GET, as JSON text: a page of an API, about 600 bytes. */
export const API_ANSWER = JSON.stringify({ orders, next: null })
