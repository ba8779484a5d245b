export async function register() {
  if (process.env.NEXT_RUNTIME === 'edge') return
  const { ada, server } = await import('./auth')
  const { client, secret } = await server.clients.create({ name: 'Importer', scopes: ['orders:read'] })
  console.log(`Open ${server.issuer} and sign in with the password ${ada.password}. Call the API with:
ISSUER=${server.issuer} CLIENT_ID=${client.id} CLIENT_SECRET=${secret} npm run example examples/machine-client.ts`)
}
