import type { Form } from '../../lib/form.ts'
import type { Client } from '../../model/client.ts'
import type { AppFormError, AppFormField, AppFormValues } from '../../pages/developer/props.ts'
import { isDeviceApp, type UserAppFields, type UserAppProblem } from '../../user-apps/fields.ts'

/** Reads what the user entered. */
export const readAppForm = (form: Form): AppFormValues => ({
  name: form.get('name') ?? '',
  homepage: form.get('homepage') ?? '',
  redirectUris: form.get('redirect_uris') ?? '',
  logo: form.get('logo') ?? '',
  privacy: form.get('privacy') ?? '',
  terms: form.get('terms') ?? '',
  isDevice: form.get('device') !== undefined,
})

/** Returns the values of the form for an app as it is. */
export const appFormValues = (app: Client): AppFormValues => ({
  name: app.name,
  homepage: app.homepage ?? '',
  redirectUris: app.redirectUris.join('\n'),
  logo: app.logo ?? '',
  privacy: app.privacy ?? '',
  terms: app.terms ?? '',
  isDevice: isDeviceApp(app),
})

/** The values of an empty form. */
export const NO_VALUES: AppFormValues = {
  name: '',
  homepage: '',
  redirectUris: '',
  logo: '',
  privacy: '',
  terms: '',
  isDevice: false,
}

/** Converts what the user entered. An empty field removes its value. */
export const appFieldsOf = (
  { name, redirectUris, logo, homepage, privacy, terms, isDevice }: AppFormValues,
  hasDeviceFlow: boolean,
): UserAppFields => ({
  name,
  // Without the device flow, the form does not say whether the app may use it.
  isDevice: hasDeviceFlow ? isDevice : undefined,
  redirectUris: linesOf(redirectUris).map(({ uri }) => uri),
  logo: logo.trim() || null,
  homepage: homepage.trim() || null,
  privacy: privacy.trim() || null,
  terms: terms.trim() || null,
})

const FIELDS: Readonly<Record<Exclude<keyof UserAppFields, 'scopes'>, AppFormField>> = {
  name: 'name',
  redirectUris: 'redirect_uris',
  homepage: 'homepage',
  logo: 'logo',
  privacy: 'privacy',
  terms: 'terms',
  isDevice: 'device',
}

/** Converts problems to the fields of the form, with the lines of redirect URIs as the user sees them. */
export function appFormErrors(
  problems: readonly UserAppProblem[],
  { redirectUris }: AppFormValues,
): { readonly [Field in AppFormField]?: readonly AppFormError[] } {
  const lines = linesOf(redirectUris)
  const errors: { [Field in AppFormField]?: readonly AppFormError[] } = {}
  for (const { field, index, message } of problems) {
    if (field === 'scopes') continue
    const line = index === undefined ? undefined : lines[index]?.line
    const error = { reason: message, ...(line !== undefined && { line }) }
    errors[FIELDS[field]] = [...(errors[FIELDS[field]] ?? []), error]
  }
  return errors
}

/** Returns the lines that are not empty and not repeated. */
function linesOf(text: string): readonly { readonly uri: string; readonly line: number }[] {
  const seen = new Set<string>()
  return text.split(/\r\n|\r|\n/).flatMap((entered, index) => {
    const uri = entered.trim()
    if (uri === '' || seen.has(uri)) return []
    seen.add(uri)
    return [{ uri, line: index + 1 }]
  })
}
