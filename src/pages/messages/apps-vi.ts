import { html } from '../../lib/html.ts'
import type { appsEn } from './apps-en.ts'
import { createFormats } from './formats.ts'

const formats = createFormats('vi')

/** The text of the pages of connected apps, in Vietnamese. */
export const appsVi: typeof appsEn = {
  connectedApps: {
    heading: 'Ứng dụng đã kết nối',
    advice:
      'Các ứng dụng này có quyền truy cập tài khoản của bạn. Hãy ngắt kết nối ứng dụng mà bạn không dùng hoặc không nhận ra.',
    none: 'Bạn chưa kết nối ứng dụng nào. Các ứng dụng được bạn cấp quyền truy cập tài khoản sẽ xuất hiện ở đây.',
    thirdParty: 'Ứng dụng của bên thứ ba',
    own: (site) => html`Ứng dụng của ${site}`,
    connected: (time) => html`Kết nối ngày ${time}`,
    lastUsed: (time) => html`Dùng lần cuối ${time}`,
    notUsed: 'Gần đây không dùng',
    disconnect: 'Ngắt kết nối',
    disconnectNamed: (name) => `Ngắt kết nối ${name}`,
    more: (count) => formats.plural(count, { other: 'Còn # ứng dụng nữa không hiển thị.' }),
    disconnected: (name) => html`Đã ngắt kết nối ${name}.`,
    ago: (seconds) => formats.ago(seconds, 'vừa xong'),
  },
  disconnectApp: {
    heading: 'Ngắt kết nối ứng dụng?',
    effect: (name) =>
      html`${name} sẽ mất quyền truy cập tài khoản của bạn ngay lập tức, trên mọi thiết bị. Bạn có thể kết nối
      lại từ ứng dụng đó.`,
    loses: 'Ứng dụng sẽ không còn quyền:',
    keepsData: (name) =>
      html`${name} có thể vẫn giữ dữ liệu đã nhận. Để xóa dữ liệu đó, hãy liên hệ nhà phát triển ứng dụng.`,
    submit: 'Ngắt kết nối',
    cancel: 'Hủy',
  },
}
