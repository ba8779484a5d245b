/** What the examples in the docs use of Next, which only examples/next installs. */
declare module 'next/headers' {
  export function headers(): Promise<Headers>
  export function cookies(): Promise<{ set(name: string, value: string, options?: object): unknown }>
}
