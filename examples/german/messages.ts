import { createFormats, html, type Messages } from 'consulate'

const formats = createFormats('de')
const { lifetime, waitingTime } = formats
const tooManyAttempts = (seconds: number): string =>
  `Zu viele Versuche. Versuchen Sie es in ${waitingTime(seconds)} erneut.`
const ago = (seconds: number): string => formats.ago(seconds, 'gerade eben')

/** The text of every page, in German. */
export const de: Messages = {
  lang: 'de',
  name: 'Deutsch',
  direction: 'ltr',
  formats,
  otherLanguages: 'Sprache',
  title: (page, site) => (site ? `${page} · ${site}` : page),
  titleWithProblem: (page) => `Fehler: ${page}`,
  signIn: {
    heading: 'Anmelden',
    toContinueTo: (name, host) =>
      host ? html`weiter zu ${name} auf ${host}` : html`weiter zu ${name} (eine App auf diesem Gerät)`,
    username: { email: 'E-Mail-Adresse', username: 'Benutzername', both: 'E-Mail-Adresse oder Benutzername' },
    password: 'Passwort',
    showPassword: 'Passwort anzeigen',
    forgotPassword: 'Passwort vergessen?',
    keepSignedIn: 'Angemeldet bleiben',
    submit: 'Anmelden',
    noAccount: 'Noch kein Konto?',
    signUp: 'Registrieren',
    credentials: {
      email: 'E-Mail-Adresse oder Passwort ist falsch.',
      username: 'Benutzername oder Passwort ist falsch.',
      both: 'Benutzername oder Passwort ist falsch.',
    },
    expired: 'Ihre Sitzung ist abgelaufen. Melden Sie sich erneut an.',
    throttled: tooManyAttempts,
  },
  signInAgain: {
    heading: {
      notSignedIn: 'Sie sind nicht angemeldet',
      tooOld: 'Erneut anmelden',
      otherBrowser: 'Hier fortfahren?',
      expired: 'Dieser Link ist abgelaufen',
    },
    advice: {
      notSignedIn: 'Melden Sie sich an, um fortzufahren.',
      tooOld: 'Zum Schutz Ihres Kontos müssen Sie sich für diesen Schritt erneut anmelden.',
      otherBrowser:
        'Diese Anmeldung wurde in einem anderen Browser begonnen. Fahren Sie nur fort, wenn Sie sie selbst begonnen haben.',
      expired: 'Gehen Sie zurück zur App und versuchen Sie es erneut.',
    },
    submit: {
      notSignedIn: 'Anmelden',
      tooOld: 'Erneut anmelden',
      otherBrowser: 'Fortfahren',
      expired: 'Zur Anmeldung',
    },
    signedInAs: (name) => html`Angemeldet als ${name}.`,
  },
  consent: {
    heading: 'Zugriff erlauben?',
    wantsTo: (name) => html`${name} möchte:`,
    alsoWantsTo: (name) => html`${name} möchte außerdem:`,
    alreadyAllowed: (count) => `Bereits erlaubt (${count})`,
    uncheck: 'Entfernen Sie das Häkchen bei allem, was Sie nicht erlauben möchten.',
    required: 'erforderlich',
    wantsIdentity: (name) => html`${name} möchte wissen, wer Sie sind.`,
    resource: (name, host) => (host ? html`${name} auf ${host}` : name),
    accessTo: (resources) => html`Damit erhält die App Zugriff auf ${formats.list(resources)}.`,
    signedInAs: 'Angemeldet als',
    switchAccount: 'Nicht Sie? Anderes Konto verwenden',
    approve: 'Erlauben',
    deny: 'Nicht erlauben',
    appOnDevice: (name) => html`${name} (eine App auf diesem Gerät)`,
    trust: (name) => html`Vergewissern Sie sich, dass Sie ${name} vertrauen.`,
    redirectTo: (host) => html`Sie werden zu ${host} weitergeleitet.`,
    returnToApp: 'Sie kehren zur App zurück.',
    revokeIn: (account) => html`Sie können den Zugriff jederzeit in Ihren ${account} widerrufen.`,
    accountSettings: 'Kontoeinstellungen',
    revokeUnder: (page) => html`Sie können den Zugriff jederzeit unter ${page} widerrufen.`,
    revokeBy: (site) => html`Um den Zugriff später zu widerrufen, wenden Sie sich an ${site}.`,
  },
  client: {
    publishedBy: (publisher) => html`Von ${publisher}`,
    privacy: 'Datenschutzerklärung',
    terms: 'Nutzungsbedingungen',
    thirdParty: (site) => html`App eines Drittanbieters, nicht von ${site}`,
  },
  footer: { privacy: 'Datenschutz', terms: 'Nutzungsbedingungen', support: 'Hilfe' },
  error: {
    heading: 'Diese Anfrage kann nicht abgeschlossen werden',
    reasons: {
      unknown_client: (site) => html`Diese App ist bei ${site} nicht registriert.`,
      expired_form: () => html`Dieses Formular war zu lange geöffnet.`,
      submitted_form: () => html`Dieses Formular wurde bereits abgeschickt.`,
      forged_form: () => html`Dieses Formular wurde nicht von unserer Seite abgeschickt.`,
      not_found: () => html`Unter dieser Adresse gibt es nichts. Möglicherweise wurde es gelöscht.`,
    },
    otherReason: 'Die App hat eine ungültige Anfrage gesendet.',
    description: 'Details',
    advice: 'Gehen Sie zurück zur App und versuchen Sie es erneut.',
    serverAdvice: 'Bei uns ist ein Fehler aufgetreten. Bitte versuchen Sie es erneut.',
    forDeveloper:
      'Tritt das Problem weiterhin auf, wenden Sie sich an den Entwickler der App und nennen Sie:',
    code: 'Fehler',
    requestId: 'Anfrage-ID',
  },
  signOut: {
    heading: 'Abmelden?',
    signedInAs: (name) => html`Sie sind auf diesem Gerät als ${name} angemeldet.`,
    submit: 'Abmelden',
  },
  signedOut: {
    heading: 'Sie sind abgemeldet',
    advice: 'Schließen Sie auf einem gemeinsam genutzten Gerät alle Browserfenster.',
    signIn: 'Erneut anmelden',
  },
  signedIn: {
    heading: 'Sie sind angemeldet',
    signedInAs: (name) => html`Angemeldet als ${name}. Sie können dieses Fenster schließen.`,
    signOut: 'Abmelden',
    account: 'Ihr Konto',
  },
  account: {
    navigation: 'Konto',
    pages: {
      devices: 'Geräte',
      password: 'Passwort',
      apps: 'Verbundene Apps',
      tokens: 'Persönliche Tokens',
      developer: 'Entwickler-Apps',
    },
    signOut: 'Abmelden',
  },
  devices: {
    heading: 'Geräte',
    advice: 'Auf diesen Geräten sind Sie angemeldet. Melden Sie Geräte ab, die Sie nicht kennen.',
    current: 'Dieses Gerät',
    browserOn: (browser, system) => `${browser} auf ${system}`,
    unknown: 'Unbekanntes Gerät',
    kinds: { phone: 'Smartphone', tablet: 'Tablet', computer: 'Computer', other: 'Gerät' },
    lastSeen: (time) => html`Zuletzt aktiv: ${time}`,
    signedIn: (time) => html`Angemeldet am ${time}`,
    signOut: 'Abmelden',
    signOutNamed: (name) => `${name} abmelden`,
    signOutOthers: 'Alle anderen Geräte abmelden',
    more: (count) =>
      formats.plural(count, {
        one: 'Ein weiteres Gerät wird nicht angezeigt.',
        other: '# weitere Geräte werden nicht angezeigt.',
      }),
    signedOut: (name) => html`${name} wurde abgemeldet.`,
    othersSignedOut: 'Sie sind auf allen anderen Geräten abgemeldet.',
    ago,
  },
  signOutDevice: {
    heading: 'Gerät abmelden?',
    effect: (name) =>
      html`${name} wird sofort abgemeldet. Um es wieder zu verwenden, melden Sie sich dort an.`,
    othersHeading: 'Alle anderen Geräte abmelden?',
    othersEffect: 'Alle Geräte außer diesem werden sofort abgemeldet.',
    submit: 'Abmelden',
    cancel: 'Abbrechen',
  },
  password: {
    heading: 'Passwort ändern',
    changed: 'Ihr Passwort wurde geändert.',
    current: 'Aktuelles Passwort',
    new: 'Neues Passwort',
    keepOtherDevices: 'Auf anderen Geräten angemeldet bleiben',
    effect:
      'Andernfalls werden Sie auf anderen Geräten abgemeldet und Ihre persönlichen Zugriffstokens werden widerrufen.',
    submit: 'Passwort ändern',
    missing: 'Geben Sie ein neues Passwort ein.',
    rejected: (reason) => `${reason}.`,
    tooShort: (minimum) => `Das Passwort muss mindestens ${minimum} Zeichen haben.`,
    tooLong: (maximum) => `Das Passwort darf höchstens ${maximum} Byte lang sein.`,
    incorrect: 'Das aktuelle Passwort ist falsch. Versuchen Sie es erneut.',
    required: 'Geben Sie Ihr aktuelles Passwort ein, um fortzufahren.',
    throttled: tooManyAttempts,
  },
  forgotPassword: {
    heading: 'Passwort vergessen?',
    advice: {
      email: 'Geben Sie Ihre E-Mail-Adresse ein. Wir senden Ihnen einen Link für ein neues Passwort.',
      username: 'Geben Sie Ihren Benutzernamen ein. Wir senden Ihnen einen Link für ein neues Passwort.',
      both: 'Geben Sie Ihre E-Mail-Adresse oder Ihren Benutzernamen ein. Wir senden Ihnen einen Link für ein neues Passwort.',
    },
    submit: 'Link senden',
    expired: 'Ihre Sitzung ist abgelaufen. Versuchen Sie es erneut.',
    back: 'Zurück zur Anmeldung',
    sentHeading: 'Prüfen Sie Ihre Nachrichten',
    sent: (seconds) =>
      `Falls wir ein Konto gefunden haben, haben wir einen Link für ein neues Passwort gesendet. Gültigkeit: ${lifetime(seconds)}.`,
    notReceived:
      'Nichts erhalten? Prüfen Sie Ihren Spam-Ordner, und ob Sie die Angaben eingegeben haben, mit denen Sie sich registriert haben.',
  },
  resetPassword: {
    heading: 'Neues Passwort festlegen',
    effect: 'Sie werden auf allen Geräten abgemeldet.',
    submit: 'Passwort ändern',
  },
  invalidResetLink: {
    heading: 'Dieser Link funktioniert nicht mehr',
    advice: 'Links zum Zurücksetzen laufen ab und funktionieren nur einmal. Fordern Sie einen neuen an.',
    again: 'Neuen Link anfordern',
  },
  passwordReset: {
    heading: 'Ihr Passwort wurde geändert',
    advice: 'Sie wurden auf allen Geräten abgemeldet. Melden Sie sich mit Ihrem neuen Passwort an.',
    signIn: 'Anmelden',
  },
  personalTokens: {
    signInAgain: {
      advice: 'Um ein Token zu erstellen, melden Sie sich erneut an.',
      submit: 'Erneut anmelden',
    },
    heading: 'Persönliche Zugriffstokens',
    advice:
      'Verwenden Sie persönliche Zugriffstokens in Skripten und mit der API. Wer ein Token hat, kann im Rahmen seiner Berechtigungen in Ihrem Namen handeln.',
    yours: 'Ihre Tokens',
    none: 'Sie haben noch keine Tokens.',
    scopeCount: (count) => formats.plural(count, { one: '# Berechtigung', other: '# Berechtigungen' }),
    noScopes: 'Keine Berechtigungen (nur Identität)',
    everything: 'Voller Zugriff auf Ihr Konto',
    created: 'Erstellt',
    lastUsed: 'Zuletzt verwendet',
    expires: 'Läuft ab',
    never: 'Nie',
    revoke: 'Widerrufen',
    revokeNamed: (name) => `${name} widerrufen`,
    revoked: (name) => html`${name} wurde widerrufen.`,
    create: 'Neues Token',
    name: 'Name',
    nameHint: 'Wofür ist dieses Token? Zum Beispiel „Backup auf meinem Laptop“.',
    scopes: 'Berechtigungen',
    lifetime: 'Gültigkeit',
    lifetimeOf: lifetime,
    submit: 'Token erstellen',
    problems: {
      name: 'Geben Sie einen Namen mit höchstens 255 Zeichen ein.',
      scopes: 'Eine der Berechtigungen ist nicht mehr verfügbar. Wählen Sie die Berechtigungen erneut aus.',
      expiresIn: 'So lange können Tokens nicht gültig sein. Wählen Sie eine andere Gültigkeit.',
      full: 'Sie haben die maximale Anzahl an Tokens erreicht. Widerrufen Sie eines, das Sie nicht mehr brauchen.',
      password: 'Dieses Passwort ist falsch. Versuchen Sie es erneut.',
      passwordRequired: 'Geben Sie Ihr Passwort ein, um fortzufahren.',
      repeated:
        'Dieses Formular wurde bereits abgeschickt. Das erstellte Token kann nicht noch einmal angezeigt werden.',
    },
    currentPassword: 'Ihr Passwort',
    currentPasswordHint:
      'Ihre Anmeldung liegt länger zurück. Bestätigen Sie mit Ihrem Passwort, dass Sie es sind.',
    passwordThrottled: tooManyAttempts,
    throttled: (seconds) =>
      `Sie haben zu viele Tokens erstellt. Versuchen Sie es in ${waitingTime(seconds)} erneut.`,
  },
  revokePersonalToken: {
    heading: 'Dieses Token widerrufen?',
    effect: (name) =>
      html`Skripte, die ${name} verwenden, funktionieren sofort nicht mehr. Das kann nicht rückgängig gemacht
      werden.`,
    submit: 'Token widerrufen',
    cancel: 'Abbrechen',
  },
  newPersonalToken: {
    heading: 'Ihr neues Token',
    advice:
      'Kopieren Sie das Token jetzt. Es wird nicht noch einmal angezeigt. Schützen Sie es wie ein Passwort.',
    label: (name) => html`Token ${name}`,
    copy: 'Kopieren',
    copied: 'Kopiert',
    failed: 'Kopieren nicht möglich. Markieren Sie das Token und kopieren Sie es selbst.',
    back: 'Zurück zu Ihren Tokens',
  },
  connectedApps: {
    heading: 'Verbundene Apps',
    advice:
      'Diese Apps haben Zugriff auf Ihr Konto. Trennen Sie Apps, die Sie nicht verwenden oder nicht kennen.',
    none: 'Sie haben noch keine Apps verbunden. Hier erscheinen Apps, denen Sie Zugriff auf Ihr Konto geben.',
    thirdParty: 'Apps von Drittanbietern',
    own: (site) => html`Apps von ${site}`,
    connected: (time) => html`Verbunden am ${time}`,
    lastUsed: (time) => html`Zuletzt verwendet: ${time}`,
    notUsed: 'In letzter Zeit nicht verwendet',
    disconnect: 'Trennen',
    disconnectNamed: (name) => `${name} trennen`,
    more: (count) =>
      formats.plural(count, {
        one: 'Eine weitere App wird nicht angezeigt.',
        other: '# weitere Apps werden nicht angezeigt.',
      }),
    disconnected: (name) => html`${name} wurde getrennt.`,
    ago,
  },
  disconnectApp: {
    heading: 'App trennen?',
    effect: (name) =>
      html`${name} verliert sofort und auf allen Geräten den Zugriff auf Ihr Konto. Sie können die App von
      dort aus wieder verbinden.`,
    loses: 'Sie kann dann nicht mehr:',
    keepsData: (name) =>
      html`${name} behält möglicherweise Daten, die bereits übertragen wurden. Um sie löschen zu lassen,
      wenden Sie sich an den Entwickler der App.`,
    submit: 'Trennen',
    cancel: 'Abbrechen',
  },
  deviceCode: {
    heading: 'Gerät verbinden',
    advice: 'Geben Sie den Code ein, der auf Ihrem Gerät angezeigt wird.',
    label: 'Code',
    hint: '8 Buchstaben. Leerzeichen, Bindestriche und Groß- und Kleinschreibung spielen keine Rolle.',
    submit: 'Weiter',
    incorrect:
      'Dieser Code ist ungültig oder abgelaufen. Prüfen Sie den Code auf Ihrem Gerät und versuchen Sie es erneut.',
    expired: 'Ihre Sitzung ist abgelaufen. Versuchen Sie es erneut.',
    throttled: (seconds) => `Zu viele falsche Codes. Versuchen Sie es in ${waitingTime(seconds)} erneut.`,
  },
  deviceConsent: {
    heading: 'Dieses Gerät zulassen?',
    compare: 'Wird dieser Code auf einem Gerät vor Ihnen angezeigt?',
    requestedFrom: (address) => html`Angefordert von ${address}`,
    warning: (deny) =>
      html`Fahren Sie nur fort, wenn Sie dies selbst begonnen haben. Hat Ihnen jemand diesen Code geschickt,
      wählen Sie ${deny}: Sonst erhält diese Person Zugriff auf Ihr Konto.`,
  },
  deviceDone: {
    approved: 'Zurück zu Ihrem Gerät',
    denied: 'Zugriff verweigert',
    connected: (name) =>
      html`Sie sind verbunden. ${name} macht in wenigen Sekunden weiter. Sie können dieses Fenster schließen.`,
    notConnected: (name) => html`${name} hat keinen Zugriff erhalten. Sie können dieses Fenster schließen.`,
  },
  developerApps: {
    heading: 'Entwickler-Apps',
    advice: 'Registrieren Sie eine App, damit sich Benutzer dort mit ihrem Konto anmelden können.',
    yours: 'Ihre Apps',
    none: 'Sie haben noch keine Apps registriert.',
    created: (time) => html`Registriert am ${time}`,
    edit: 'Bearbeiten',
    editNamed: (name) => `${name} bearbeiten`,
    register: 'Neue App registrieren',
    full: (limit) =>
      formats.plural(limit, {
        one: 'Sie haben das Maximum von einer App erreicht. Löschen Sie sie, wenn Sie sie nicht mehr brauchen.',
        other: 'Sie haben das Maximum von # Apps erreicht. Löschen Sie eine, die Sie nicht mehr brauchen.',
      }),
    deleted: (name) => html`${name} wurde gelöscht.`,
    gone: 'Diese App gibt es nicht mehr. Möglicherweise wurde sie in einem anderen Fenster gelöscht.',
  },
  registerApp: {
    heading: 'Neue App registrieren',
    submit: 'App registrieren',
    cancel: 'Abbrechen',
    type: 'Kann die App ein Secret geheim halten?',
    types: {
      confidential: 'Ja, sie läuft auf einem Server',
      public: 'Nein, es ist eine Single-Page-, Mobil- oder Desktop-App',
    },
    typeHint: 'Das können Sie später nicht ändern.',
  },
  editApp: {
    clientId: 'Client-ID',
    copy: 'Kopieren',
    copied: 'Kopiert',
    failed: 'Kopieren nicht möglich. Markieren Sie die Client-ID und kopieren Sie sie selbst.',
    secret: 'Client-Secret',
    hasSecret: 'Das Secret wurde beim Erstellen angezeigt und kann nicht noch einmal angezeigt werden.',
    oldSecrets: (time) => html`Frühere Secrets funktionieren bis ${time}.`,
    isPublic: 'Diese App hat kein Secret. Sie verwendet stattdessen PKCE.',
    rotate: 'Neues Secret erstellen',
    settings: 'Einstellungen',
    scopes: (count) =>
      formats.plural(count, {
        one: 'Die App kann # Berechtigung anfordern',
        other: 'Die App kann # Berechtigungen anfordern',
      }),
    submit: 'Änderungen speichern',
    saved: 'Ihre Änderungen wurden gespeichert.',
    danger: 'Gefahrenbereich',
    deleteAdvice: 'Alle ihre Benutzer verlieren den Zugriff.',
    delete: 'App löschen',
    back: 'Alle Apps',
  },
  appForm: {
    name: 'Name der App',
    nameHint:
      'Benutzer sehen ihn bei der Anmeldung. Wählen Sie einen Namen, den sie kennen und dem sie vertrauen.',
    homepage: 'URL der Website',
    redirectUris: 'Redirect-URIs',
    redirectUrisHint: 'Eine pro Zeile. Nach der Anmeldung kehren Benutzer zu einer davon zurück.',
    logo: 'Logo',
    logoHint: 'Eine data:-URI eines PNG-, JPEG-, GIF-, WebP- oder AVIF-Bilds mit höchstens 24 KB.',
    chooseImage: 'Bild auswählen',
    removeImage: 'Entfernen',
    imageTooLarge: 'Dieses Bild ist zu groß. Wählen Sie eines mit höchstens 24 KB.',
    imageUnreadable: 'Dieses Bild kann nicht gelesen werden. Wählen Sie ein anderes.',
    privacy: 'URL der Datenschutzerklärung',
    terms: 'URL der Nutzungsbedingungen',
    optional: (label) => `${label} (optional)`,
    device: 'Geräteanmeldung aktivieren',
    deviceHint: 'Für Apps auf Fernsehern, in Terminals und auf anderen Geräten ohne Browser.',
    currentPassword: 'Ihr Passwort',
    currentPasswordHint:
      'Ihre Anmeldung liegt länger zurück. Bestätigen Sie mit Ihrem Passwort, dass Sie es sind.',
    sensitiveHint:
      'Ihre Anmeldung liegt länger zurück. Geben Sie Ihr Passwort ein, wenn Sie Redirect-URIs oder die Geräteanmeldung ändern.',
    signInAgain: {
      required: 'Um eine App zu registrieren, melden Sie sich erneut an.',
      sensitive: 'Um Redirect-URIs oder die Geräteanmeldung zu ändern, melden Sie sich zuerst erneut an.',
      secret: 'Um ein Secret zu erstellen, melden Sie sich erneut an.',
      submit: 'Erneut anmelden',
    },
    errors: {
      name: 'Geben Sie einen Namen mit höchstens 255 Zeichen ein.',
      redirect_uris: (reason, line) =>
        line === undefined ? `Die Liste ${reason}.` : `Zeile ${line} ${reason}.`,
      homepage: 'Geben Sie eine URL ein, die mit https:// beginnt.',
      logo: 'Verwenden Sie ein PNG-, JPEG-, GIF-, WebP- oder AVIF-Bild mit höchstens 24 KB.',
      privacy: 'Geben Sie eine URL ein, die mit https:// beginnt.',
      terms: 'Geben Sie eine URL ein, die mit https:// beginnt.',
      device: 'Die Geräteanmeldung ist nicht verfügbar.',
    },
    redirectUriReasons: {
      empty: 'darf nicht leer sein',
      tooLong: 'darf höchstens # Zeichen haben',
      outerSpace: 'darf nicht mit einem Leerzeichen beginnen oder enden',
      control: 'darf keine Steuerzeichen enthalten',
      space: 'darf keine Leerzeichen enthalten: schreiben Sie %20',
      notAscii: 'darf nur ASCII enthalten: schreiben Sie Hosts in der xn---Form und andere Zeichen mit %',
      backslash: 'darf keine Backslashes enthalten',
      unencoded: 'darf keines der Zeichen " < > ^ ` { | } enthalten: kodieren Sie sie mit %',
      percent: 'muss nach jedem % zwei Hexadezimalziffern haben',
      fragment: 'darf kein Fragment haben',
      wildcard: 'muss eine genaue URI ohne Platzhalter sein',
      relative: 'muss eine absolute URI sein, zum Beispiel https://app.example/callback',
      scheme: 'darf nicht das Schema # verwenden',
      userinfo: 'darf weder Benutzername noch Passwort enthalten',
      slashes: 'muss nach dem Schema zwei Schrägstriche haben',
      host: 'muss einen gültigen Host und Port haben',
      upperCase: 'muss Schema und Host in Kleinbuchstaben haben',
      hostForm:
        'muss den Host so enthalten, wie Browser ihn anzeigen, zum Beispiel app.example oder 127.0.0.1',
      http: 'muss https verwenden (http ist nur für localhost erlaubt)',
      privateScheme: 'muss https verwenden: nur Apps ohne Secret dürfen ein eigenes Schema verwenden',
      schemeWithoutDot: 'muss ein Schema mit einem Punkt verwenden, zum Beispiel com.example.app:',
      responseParameter: 'darf nicht den Abfrageparameter # haben, den der Server hinzufügt',
      none: 'muss mindestens eine URI enthalten',
      tooMany: 'darf höchstens # URIs enthalten',
      onlyDevices: 'muss leer sein, weil dieser Server nur die Geräteanmeldung hat',
    },
    problems: {
      invalid: 'Prüfen Sie die folgenden Felder.',
      full: 'Sie haben die maximale Anzahl an Apps erreicht. Löschen Sie eine, die Sie nicht mehr brauchen.',
      repeated:
        'Dieses Formular wurde bereits abgeschickt. Falls Sie das Secret nicht kopiert haben, erstellen Sie ein neues.',
      changed:
        'Diese App wurde in einem anderen Fenster geändert. Prüfen Sie Ihre Eingaben und speichern Sie erneut.',
      secretChanged:
        'Es wurde bereits ein neues Secret erstellt. Falls Sie es nicht kopiert haben, erstellen Sie noch eines.',
      password: 'Dieses Passwort ist falsch. Versuchen Sie es erneut.',
      passwordRequired: 'Geben Sie Ihr Passwort ein, um fortzufahren.',
    },
    throttled: (seconds) =>
      `Sie haben zu viele Apps registriert. Versuchen Sie es in ${waitingTime(seconds)} erneut.`,
    passwordThrottled: tooManyAttempts,
  },
  rotateAppSecret: {
    heading: 'Neues Secret erstellen?',
    effect: (name) =>
      html`${name} erhält ein neues Client-Secret. Frühere funktionieren noch eine Weile, damit Sie die App
      aktualisieren können.`,
    overlap: 'Frühere Secrets funktionieren noch',
    overlapOf: (seconds) => (seconds === 0 ? 'gar nicht' : lifetime(seconds)),
    submit: 'Secret erstellen',
    cancel: 'Abbrechen',
  },
  appSecret: {
    heading: 'Ihr Client-Secret',
    advice:
      'Kopieren Sie das Secret jetzt. Es wird nicht noch einmal angezeigt. Schützen Sie es wie ein Passwort.',
    clientId: 'Client-ID',
    label: (name) => html`Client-Secret von ${name}`,
    copy: 'Kopieren',
    copied: 'Kopiert',
    failed: 'Kopieren nicht möglich. Markieren Sie das Secret und kopieren Sie es selbst.',
    oldSecrets: 'Frühere Secrets funktionieren bis',
    back: 'Zur App',
  },
  deleteApp: {
    heading: 'Diese App löschen?',
    effect: (name) =>
      html`Alle Benutzer von ${name} verlieren sofort den Zugriff, und die Client-ID funktioniert nicht mehr.
      Das kann nicht rückgängig gemacht werden.`,
    submit: 'App löschen',
    cancel: 'Abbrechen',
  },
}
