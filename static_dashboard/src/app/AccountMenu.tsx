import { Button, Menu, MenuDivider, MenuGroup, MenuGroupHeader, MenuItem, MenuItemRadio, MenuList, MenuPopover, MenuTrigger } from "@fluentui/react-components";
import { PersonRegular } from "@fluentui/react-icons";
import { useLocation } from "wouter";

import { usePerson } from "./session";
import { useSignOut } from "./signOut";
import { useTheme, type Choice } from "./theme";

/** Who one is, how the page looks, and the way out. Loaded, and then open, when somebody asks for it. */
export default function AccountMenu() {
  const person = usePerson();
  const theme = useTheme();
  const [, navigate] = useLocation();
  const signOut = useSignOut();
  return (
    <Menu
      defaultOpen
      checkedValues={{ theme: [theme.choice] }}
      onCheckedValueChange={(_, { checkedItems }) => theme.choose(checkedItems[0] as Choice)}
    >
      <MenuTrigger disableButtonEnhancement>
        <Button appearance="subtle" icon={<PersonRegular />} aria-label={`Account of ${person.name || person.email}`} />
      </MenuTrigger>
      <MenuPopover>
        <MenuList>
          <MenuGroup>
            <MenuGroupHeader>
              {person.email} · {person.role}
            </MenuGroupHeader>
            <MenuItem onClick={() => navigate("/account")}>Your account</MenuItem>
          </MenuGroup>
          <MenuDivider />
          <MenuGroup>
            <MenuGroupHeader>Look</MenuGroupHeader>
            <MenuItemRadio name="theme" value="system">
              As the system
            </MenuItemRadio>
            <MenuItemRadio name="theme" value="light">
              Light
            </MenuItemRadio>
            <MenuItemRadio name="theme" value="dark">
              Dark
            </MenuItemRadio>
          </MenuGroup>
          <MenuDivider />
          {person.kind === "session" && <MenuItem onClick={signOut}>Sign out</MenuItem>}
        </MenuList>
      </MenuPopover>
    </Menu>
  );
}
