module.exports = {
  gateway: {
    input: "openapi.json",
    output: {
      mode: "single",
      client: "axios-functions",
      target: "generated/orval/gateway.ts",
    },
  },
};
