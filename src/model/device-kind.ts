/** The kind of a device, as its `User-Agent` suggests. Decides its icon. */
export type DeviceKind = 'phone' | 'tablet' | 'computer' | 'other'
