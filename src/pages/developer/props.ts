import type { AccountProps, FormTarget } from '../shared-props.ts'

/** A user's own app in a list. */
export interface DeveloperAppView {
  /** The client ID. */
  readonly id: string
  readonly name: string
  /** A `data:` URI of an image, or a path on the server's own origin. */
  readonly logo: string | null
  /** In ms. */
  readonly createdAt: number
  /** The page of the app. */
  readonly url: string
}

/** The list of the user's own apps. */
export interface DeveloperAppsProps extends AccountProps {
  /** Newest first. */
  readonly apps: readonly DeveloperAppView[]
  /** The most apps that the user can have. */
  readonly limit: number
  /** The page with the form for a new app. Undefined if the user has the maximum number of apps. */
  readonly registerUrl?: string
  /** The name of an app that was just deleted. */
  readonly deleted?: string
  /** The app that the user wanted to change no longer exists. */
  readonly isGone?: boolean
}

/** What the user entered. */
export interface AppFormValues {
  readonly name: string
  readonly homepage: string
  /** One URI per line. */
  readonly redirectUris: string
  /** A `data:` URI of an image. */
  readonly logo: string
  readonly privacy: string
  readonly terms: string
  readonly isDevice: boolean
}

/** A field of the form for an app, as it is named in the form. */
export type AppFormField = 'name' | 'redirect_uris' | 'homepage' | 'logo' | 'privacy' | 'terms' | 'device'

/** Why a form for an app is shown again. `seconds` is how long to wait. */
export type AppFormProblem =
  | {
      /**
       * Some fields are invalid; the user has too many apps; the form was already submitted; the app or its secret was
       * changed in the meantime; a password is incorrect or missing.
       */
      readonly kind:
        | 'invalid'
        | 'full'
        | 'repeated'
        | 'changed'
        | 'secretChanged'
        | 'password'
        | 'passwordRequired'
    }
  | { readonly kind: 'throttled' | 'passwordThrottled'; readonly seconds: number }

/** What the forms for apps have in common. */
export interface AppFormProps extends AccountProps {
  readonly values: AppFormValues
  /** Whether the server has the device flow. */
  readonly hasDeviceFlow: boolean
  /** By field, what is wrong with it. Of redirect URIs, `line` says which one. */
  readonly errors: { readonly [Field in AppFormField]?: readonly AppFormError[] }
  /** Whether the sign-in is too old, so that the form must ask for the password. */
  readonly asksPassword: boolean
  /** Where to sign in again in place of a password, if users sign in at your own app. */
  readonly signInAgainUrl?: string
  readonly problem?: AppFormProblem
  /** The list of all apps. */
  readonly appsUrl: string
}

/** Something wrong with a field. */
export interface AppFormError {
  /** What a redirect URI must be, such as `must use https`. */
  readonly reason: string
  /** The line, starting with 1. */
  readonly line?: number
}

/** The form for a new app: POST `hidden` and the fields. `type` is `public` for an app without a secret. */
export interface RegisterAppProps extends AppFormProps {
  readonly register: FormTarget
  readonly isPublic: boolean
}

/** The page of one app: POST `hidden` of `save` and the fields. */
export interface EditAppProps extends AppFormProps {
  readonly app: {
    /** The client ID. */
    readonly id: string
    readonly name: string
    readonly logo: string | null
    /** Whether the app has no secret. */
    readonly isPublic: boolean
    /** In ms. */
    readonly createdAt: number
    /** When the last of the earlier secrets stops working, in ms; null if there is none. */
    readonly oldSecretsExpireAt: number | null
  }
  /** The scopes that the app may request. */
  readonly scopes: readonly { readonly id: string; readonly description: string }[]
  readonly save: FormTarget
  /** The page that asks before generating a secret. Undefined for a public app. */
  readonly rotateUrl?: string
  /** The page that asks before deleting the app. */
  readonly deleteUrl: string
  /** Whether the app was just saved. */
  readonly isSaved: boolean
}

/** The page that asks before generating a secret: POST `hidden`, `overlap` and, if asked for, `current_password`. */
export interface RotateAppSecretProps {
  readonly name: string
  readonly rotate: FormTarget
  /** The choices for how long earlier secrets work, in seconds. */
  readonly overlaps: readonly number[]
  readonly overlap: number
  readonly asksPassword: boolean
  readonly signInAgainUrl?: string
  readonly problem?: AppFormProblem
  /** The page of the app. */
  readonly appUrl: string
}

/** The page that shows the secret of an app, once. */
export interface AppSecretProps {
  /** The client ID. */
  readonly id: string
  readonly name: string
  readonly secret: string
  /** When earlier secrets stop working, in ms; null if there is none. */
  readonly oldSecretsExpireAt: number | null
  /** The page of the app. */
  readonly appUrl: string
}

/** The page that asks before deleting an app. */
export interface DeleteAppProps {
  readonly name: string
  readonly delete: FormTarget
  /** The page of the app. */
  readonly appUrl: string
}

/** The pages on which users manage their own apps, by name, with their props. */
export interface DeveloperViewProps {
  readonly developerApps: DeveloperAppsProps
  readonly registerApp: RegisterAppProps
  readonly editApp: EditAppProps
  readonly rotateAppSecret: RotateAppSecretProps
  readonly appSecret: AppSecretProps
  readonly deleteApp: DeleteAppProps
}
