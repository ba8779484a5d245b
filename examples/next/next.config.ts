export default { serverExternalPackages: ['consulate'] }
