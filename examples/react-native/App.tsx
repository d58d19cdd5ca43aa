import { useEffect, useState } from "react";
import { Pressable, SafeAreaView, StyleSheet, Text, TextInput } from "react-native";
import { Session } from "./session";
import { store } from "./store";

interface User {
  username: string;
  email: string;
}

export default function App({ api }: { api: string }) {
  const [session] = useState(() => new Session(api, store));
  const [user, setUser] = useState<User | null>(null);
  const [problem, setProblem] = useState("");
  const [busy, setBusy] = useState(false);
  const [person, setPerson] = useState({ username: "", email: "", password: "" });

  const attempt = async (action: () => Promise<unknown>) => {
    setProblem("");
    setBusy(true);
    try {
      await action();
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error));
      if (!(await session.isRemembered())) setUser(null);
    } finally {
      setBusy(false);
    }
  };
  const show = async () => setUser(await session.fetch<User>("/user/me"));

  useEffect(() => {
    void attempt(async () => {
      if (await session.isRemembered()) await show();
    });
  }, []);

  return (
    <SafeAreaView style={styles.screen} aria-busy={busy}>
      {user ? (
        <>
          <Text testID="name" style={styles.name}>{user.username}</Text>
          <Text testID="email">{user.email}</Text>
          <Button id="reload" title="내 정보" press={() => attempt(show)} />
          <Button id="three" title="세 번 동시에" press={() => attempt(() => Promise.all([show(), show(), show()]))} />
          <Button
            id="signout"
            title="로그아웃"
            press={() => attempt(() => session.signOut().finally(() => setUser(null)))}
          />
        </>
      ) : (
        <>
          {(["username", "email", "password"] as const).map((name) => (
            <TextInput
              key={name}
              testID={name}
              style={styles.input}
              placeholder={name}
              autoCapitalize="none"
              secureTextEntry={name === "password"}
              value={person[name]}
              onChangeText={(text) => setPerson({ ...person, [name]: text })}
            />
          ))}
          <Button id="signup" title="회원가입" press={() => attempt(() => session.signUp(person).then(show))} />
          <Button
            id="signin"
            title="로그인"
            press={() => attempt(() => session.signIn(person.email, person.password).then(show))}
          />
        </>
      )}
      <Text testID="problem" style={styles.problem}>{problem}</Text>
    </SafeAreaView>
  );
}

function Button({ id, title, press }: { id: string; title: string; press: () => void }) {
  return (
    <Pressable testID={id} style={styles.button} onPress={press}>
      <Text style={styles.title}>{title}</Text>
    </Pressable>
  );
}

const styles = StyleSheet.create({
  screen: { flex: 1, padding: 24, gap: 12 },
  name: { fontSize: 28 },
  input: { borderWidth: 1, borderColor: "#999", borderRadius: 8, padding: 12 },
  button: { backgroundColor: "#1a56db", borderRadius: 8, padding: 14, alignItems: "center" },
  title: { color: "#fff" },
  problem: { color: "#b00020" },
});
