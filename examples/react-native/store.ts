// In a browser, which has no place that a script cannot read.

import type { TokenStore } from "./session";

const KEY = "refresh_token";

export const store: TokenStore = {
  read: async () => sessionStorage.getItem(KEY),
  write: async (token) => sessionStorage.setItem(KEY, token),
  clear: async () => sessionStorage.removeItem(KEY),
};
