import type { Express, Response } from 'express'
import { toExpress } from '../../src/adapters/express.ts'
import type { Auth } from '../../src/index.ts'
import type { Mount } from '../support/mount.ts'

/** Mounts a server in an Express app, with the guarded API behind guards of the adapter. Both forms of guards are used. */
export const mountIn = (createApp: () => Express): Mount => {
  return async (server, http) => {
    const auth = toExpress(server)
    const app = createApp()
    app.use(auth.routes())
    app.all('/me', auth.user(), (request, response) => sendAuth(response, request.auth))
    app.all(
      '/orders',
      auth.user('orders:read')(({ auth: user }, response) => sendAuth(response, user)),
    )
    app.all(
      '/machine',
      auth.machine()((request, response) => sendAuth(response, request.auth)),
    )
    app.all('/machine/orders', auth.machine('orders:read'), ({ auth: machine }, response) =>
      sendAuth(response, machine),
    )
    const either = auth.anyone({ anyOf: ['orders:read', 'orders:create'] })
    app.all('/anyone', either, ({ auth: caller }, response) => sendAuth(response, caller))
    http.on('request', app)
    return async () => undefined
  }
}

const sendAuth = (response: Response, auth: Auth | undefined): void => void response.json(auth)
