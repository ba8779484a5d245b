import type { ReactNode } from 'react'

type FormProps = { readonly action: string; readonly hidden: Readonly<Record<string, string>> }

/** A plain form: it works before the scripts have loaded, and without them. */
export function PostForm({ action, hidden, children }: FormProps & { readonly children: ReactNode }) {
  const fields = Object.entries(hidden)
  return (
    <form method="post" action={action}>
      {fields.map(([name, value]) => (
        <input key={name} type="hidden" name={name} value={value} />
      ))}
      {children}
    </form>
  )
}
