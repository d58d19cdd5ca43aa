// On a phone: the iOS Keychain, the Android Keystore. Metro takes this file, a browser's bundler takes store.ts.

import * as SecureStore from "expo-secure-store";
import type { TokenStore } from "./session";

const KEY = "refresh_token";

export const store: TokenStore = {
  read: () => SecureStore.getItemAsync(KEY),
  write: (token) => SecureStore.setItemAsync(KEY, token),
  clear: () => SecureStore.deleteItemAsync(KEY),
};
