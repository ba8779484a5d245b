import { auth } from '../../auth'

export const GET = auth.machine('orders:read')((request, { auth }) =>
  Response.json({ orders: ['tea', 'rice'], client: auth.client.id }),
)
