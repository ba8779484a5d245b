import { auth } from '../../auth'

export const GET = auth.machine('orders:read')((_, { auth }) => Response.json({ client: auth.client.id }))
