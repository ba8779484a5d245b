/** What a device looks like, as far as its `User-Agent` tells: decides its icon. */
export type DeviceKind = 'phone' | 'tablet' | 'computer' | 'other'
