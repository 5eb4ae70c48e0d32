import { graphql } from 'relay-runtime';

// A circle is a `Node`: Relay makes the query for the next page by itself, out of `node(id:)`.
graphql`
  fragment CircleRoster_circle on Circle
  @argumentDefinitions(count: { type: "Int", defaultValue: 20 }, cursor: { type: "String" })
  @refetchable(queryName: "CircleRosterPaginationQuery") {
    name
    memberCount
    members(first: $count, after: $cursor) @connection(key: "CircleRoster_members") {
      edges {
        node {
          role
          member {
            id
            handle
          }
        }
      }
      pageInfo {
        hasNextPage
        endCursor
      }
    }
  }
`;

graphql`
  query CircleRosterQuery($id: ID!, $count: Int) {
    circle(id: $id) {
      id
      ...CircleRoster_circle @arguments(count: $count)
    }
  }
`;
