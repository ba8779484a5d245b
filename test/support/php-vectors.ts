/** What PHP 8.2 wrote, with defuse/php-encryption 2.4 and `password_hash`. */
export const PHP = {
  appKey: 'base64:uY8nYxq1uGqP0vXl3aVdJk4m7T2sZc9eRw6hQf5bN0M=',
  encryptedWithPassword:
    'def50200380468281cd32ec9c6f29310f7ec366bc4a3a23aebbb4b18d99ff44c6cf32c77ccd92a47391263dafee81ef81df6' +
    'e44cc1fe2b010e62e45c17cb76a5c28506b5ce4857d82419fd6f175cea54d2d52154bd7e35795922a1ebdac4caa1ed932434' +
    '986e1272a3d55de61603a0ba7838e82e5b52758d0a8a8303b335def2872994a1b3e58b50a9254922d769f26b754952452717' +
    '9fefd97d1efce4616f8908329427680f7e42cce1b84315b2aef723f2de92012c9a32705e7ef8839ebfa217878043d334d90a' +
    '2d17f2a4e2cb426f4d5da7c90db27e06324c863e7b484954685b352169cacaa05b2a20b067883c4b43d964415ff1be6da702' +
    'c7d1713d31be8ab14f878d5e0995a04a4bdbd400d700b1032f5a3ce3af4639543962e9d547f5181e43bbc56e00319e877314' +
    '56c2af6811cad49cdf510eac146e305db2d8116a60c40eab58ff7d654253e3e884c766b6714417b30ebecd4d44647a9f97b7' +
    '72f2ad6b078b0066508abed61eecd09d',
  defuseKey:
    'def0000043bf28de69e810f0d77b7780dd9a178e1a7986cd8c3184f9783d380ff0f374f1937d1c0f89c24cb6c14c0624a2e8' +
    '3fb583226d0fcd4a61db9058092c58c88179',
  encryptedWithKey:
    'def50200a0b5ec40c6aa9874aeb85fc99ad7824772b0b2bd03f34f2b081375737c8f98af3dead60eb1ceb79e94fcd218dace' +
    '525a1157097c4bffd9e75409d109262d892e1dd714409b16e423fe5c12e01f4e1cfd229fa6e6d46968127db7979fcf2dece0' +
    'ccf81d14ee274dc8abe54db051689b6bc0ad000da733cffc54f592e56c38694b78b963ad154e30b8b231123580f3c5d9253b' +
    '57da069e71a55486da6bcab2406390d707e8293a06be0f1927eba5be5698de9b4167fe59aa06e3e6504b11f828451fabe562' +
    '51b8173c334933d04f787cbeee76578d01897a0db5b4ac56bf4544633a68de3e931e671a92d9cf81e308a77a5043c06dd104' +
    '2b9b064c5bdcf7faefe336ee091c2e532d70273b26f55b34e81b66e11bfc5d1f1067a74e1413402ef8bfeccf0e2ebc0564d6' +
    '11656096bfd8eaddbda93ebf8ec265e26156b98c0936457e10b57056601da656ade7941d120f03762109ddd2283179d86aed' +
    '22ce79aa6113146c12419995c285ad75',
  content: {
    client_id: '3',
    refresh_token_id: 'ab'.repeat(40),
    access_token_id: 'cd'.repeat(40),
    scopes: ['orders:read'],
    user_id: 7,
    expire_time: 1_900_000_000,
  },
  password: 'correct horse battery',
  bcrypt: '$2y$04$zAkROYJk60Wc8jaWgqACpOxaIt7kv/cws9Jys9KWoOhhdTN6a3yNy',
  argon2id:
    '$argon2id$v=19$m=1024,t=1,p=1$ZDhReXR5M0dpNHhPbm1FUw$fU5DPUYW9gxmxje4iol8wtAVMpOMXFecL5T2cVmZiR4',
} as const
